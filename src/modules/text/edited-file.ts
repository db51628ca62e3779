import { posix } from 'node:path';
import type { Content } from '../../core/change.ts';
import { HealError } from '../../core/errors.ts';
import type { Answers, Decision, Input, Look } from '../../core/module.ts';
import type { Question } from '../../core/probe.ts';
import { content, type FileContent } from '../../probes/content.ts';
import { type Entry, entry } from '../../probes/entry.ts';
import { type User, user } from '../../probes/user.ts';
import { type AttributeArgs, type AttributeReads, attributeReads } from '../files/attributes.ts';
import { contentOfText, locate, type PlacedArgs, placedPlan } from '../files/placed-file.ts';

/**
 * The common part of `line`, `replace`, `block`, `json` and `yaml`: heal reads the text of a file, edits it, and places it
 * as `copy` does. Owner, mode and ACL are kept unless given.
 */
export interface EditedArgs extends AttributeArgs {
  readonly path: string;
  readonly create: boolean;
  readonly backup: boolean;
  readonly validate?: string;
}

/** The questions. `at0` is the path; if that is a link, the following ones are the paths that it points to. */
export type EditedReads = AttributeReads & {
  readonly [name: `at${number}`]: Question<Entry>;
  readonly parent: Question<Entry>;
  readonly self: Question<User>;
  readonly content: Question<FileContent>;
};

/** Result of an edit. `what` continues "... in /etc/fstab"; an equal string is not a change. */
export type Edited =
  | { readonly text: string; readonly what: string; readonly message?: string }
  | { readonly failed: string; readonly hint?: string };

/** How a string is edited. Pure and idempotent: `edit(edit(text))` is `edit(text)`. */
export type Edit = (text: string) => Edited;

/** The questions to edit a file: all in the first round, unless the path is a link. */
export function editedReads(args: EditedArgs, look: Look, input: Input): EditedReads {
  const asked: Question<Entry>[] = [];
  const at = (path: string): Entry | undefined => {
    const one = entry(path, { hash: true }, input.account);
    if (!asked.some(({ key }) => key === one.key)) asked.push(one);
    return look(one);
  };
  const target = locate(placed(args), undefined, at);
  at(target);
  return {
    ...Object.fromEntries(asked.map((one, i) => [`at${i}`, one])),
    ...attributeReads(args, input.account),
    parent: entry(posix.dirname(target), {}, input.account),
    self: user(input.account.user ?? input.facts.user, input.account),
    content: content(target, input.account),
  };
}

/** Computes the changes for the edited text. `missing` says what a missing file means. */
export function editedPlan(
  args: EditedArgs,
  answers: Answers<EditedReads>,
  input: Input,
  edit: Edit,
  missing: 'fails' | 'is fine' = 'fails',
): Decision {
  const seen: string[] = [];
  const at = (path: string): Entry | undefined => {
    if (!seen.includes(path)) seen.push(path);
    return answers[`at${seen.indexOf(path)}`];
  };
  const target = locate(placed(args), undefined, at);
  const there = at(target);
  const old = answers.content;
  const fail = (failed: string, hint?: string): Decision => ({
    changes: [],
    failed,
    ...(hint === undefined ? {} : { hint }),
  });
  if (there === undefined && missing === 'is fine') return { changes: [], message: `${target} is not there` };
  if (there === undefined && !args.create) return fail(`there is no file ${target}`, 'create: true creates it');
  if (there?.sha256 !== old?.sha256) {
    const failed = `${target} changes while it is read`;
    return { ...fail(failed, 'which program writes to it? run again when it has ended'), inconsistent: true };
  }

  const before = old === undefined ? '' : textOf(old.bytes);
  if (before === undefined) return fail(`${target} is not text in UTF-8`, 'use copy for a binary file');
  const mark = before.startsWith('\ufeff') ? '\ufeff' : '';
  const first = attempt(edit, before.slice(mark.length));
  if ('failed' in first) return fail(`${target}: ${first.failed}`, first.hint);
  const second = attempt(edit, first.text);
  if ('failed' in second || second.text !== first.text) {
    return fail(
      `${target} would be changed again by every run: what is put in is itself edited the next time`,
      'write the regular expression so that it does not match the new text',
    );
  }
  const bytes = Buffer.from(mark + first.text, 'utf8');
  const wanted: Content = { ...contentOfText(mark + first.text), bytes };
  const decision = placedPlan(placed(args), wanted, undefined, answers, input);
  return {
    ...decision,
    ...(first.message === undefined || decision.failed !== undefined ? {} : { message: first.message }),
    changes: decision.changes.map((change) => ({ ...change, title: titled(change.title, target, first.what) })),
  };
}

function attempt(edit: Edit, text: string): Edited {
  try {
    return edit(text);
  } catch (error) {
    if (!(error instanceof HealError)) throw error;
    return { failed: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

function placed(args: EditedArgs): PlacedArgs {
  const { path, create: _create, ...rest } = args;
  return { ...rest, dest: path, force: true, follow: 'checked' };
}

/** The text of a file; undefined if the bytes are not text. A byte order mark at its start is kept. */
function textOf(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function titled(title: string, target: string, what: string): string {
  const start = `update ${target}`;
  return title.startsWith(start) ? `${what} in ${target}${title.slice(start.length)}` : title;
}
