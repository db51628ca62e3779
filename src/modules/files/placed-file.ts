import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Change, Content, Diff } from '../../core/change.ts';
import { predicts } from '../../core/change.ts';
import type { Answers, Decision, Input, Look } from '../../core/module.ts';
import type { Question } from '../../core/probe.ts';
import { present } from '../../core/state.ts';
import { content, type FileContent } from '../../probes/content.ts';
import { type Entry, entry } from '../../probes/entry.ts';
import { type User, user } from '../../probes/user.ts';
import { joinSh } from '../../shell/sh.ts';
import { newUnit } from '../systemd/new-unit.ts';
import {
  type AttributeArgs,
  type AttributeReads,
  attributeDifferences,
  attributeReads,
  attributeScript,
  followText,
  wantedAttributes,
  withAttributes,
} from './attributes.ts';
import { newEntry } from './new-entry.ts';
import { inlineLimit, placingAct } from './placing-act.ts';
import { predictEntry } from './predicted-entry.ts';

/**
 * The common part of `copy` and `template`: a file with a content, an owner and a mode. It is written in the directory of
 * its target and renamed over it, so that no reader sees a part.
 */
export interface PlacedArgs extends AttributeArgs {
  readonly dest: string;
  readonly backup: boolean;
  readonly force: boolean;
  /** `checked`: like true, but a link that another account may have created is refused. */
  readonly follow: boolean | 'checked';
  readonly validate?: string;
}

/** A file that belongs to root and that everybody may read, for modules that write configuration of the system. */
export function systemFile(dest: string): PlacedArgs {
  return { dest, owner: 'root', group: 'root', mode: '0644', backup: false, force: true, follow: false };
}

/** The questions. `at0` is `dest`; if that is a link or a directory, the following ones are the paths that it points to. */
export type PlacedReads = AttributeReads & {
  readonly [name: `at${number}`]: Question<Entry>;
  readonly parent: Question<Entry>;
  readonly self: Question<User> | undefined;
  readonly content: Question<FileContent> | undefined;
};

/** Maximum size of a file whose text is fetched for a diff, in bytes. */
const diffLimit = 256 * 1024;

/** The questions to place `wanted`; `base` is its name inside `dest` if that is a directory. */
export function placedReads(
  args: PlacedArgs,
  wanted: Content,
  base: string | undefined,
  look: Look,
  input: Input,
): PlacedReads {
  const asked: Question<Entry>[] = [];
  const at = (path: string): Entry | undefined => {
    const one = entry(path, { hash: true }, input.account);
    if (!asked.some(({ key }) => key === one.key)) asked.push(one);
    return look(one);
  };
  const target = locate(args, base, at);
  const there = at(target);
  return {
    ...Object.fromEntries(asked.map((one, i) => [`at${i}`, one])),
    ...attributeReads(args, input.account),
    parent: entry(posix.dirname(target), {}, input.account),
    self: user(input.account.user ?? input.facts.user, input.account),
    content: there !== undefined && showable(there, wanted) ? content(target, input.account) : undefined,
  };
}

/** Computes the changes that make `dest` a file with this content. */
export function placedPlan(
  args: PlacedArgs,
  wanted: Content,
  base: string | undefined,
  answers: Answers<PlacedReads>,
  input: Input,
): Decision {
  const seen: string[] = [];
  const at = (path: string): Entry | undefined => {
    if (!seen.includes(path)) seen.push(path);
    return answers[`at${seen.indexOf(path)}`];
  };
  const target = locate(args, base, at);
  const there = at(target);
  const result = { dest: target, checksum: wanted.sha256, size: wanted.size };
  const fail = (failed: string, hint?: string): Decision => ({
    changes: [],
    result,
    failed,
    ...(hint === undefined ? {} : { hint }),
  });

  const attributes = wantedAttributes(args, answers);
  if ('failed' in attributes) return fail(attributes.failed);
  if (there?.type === 'directory') return fail(`${target} is a directory`, 'name the file in dest');
  if (there !== undefined && there.type !== 'file' && there.type !== 'link')
    return fail(`${target} is a ${there.type}, not a file`);
  if (there?.readable === false) return fail(`${target} can't be read`, 'become root or its owner');
  if (there === undefined && (answers.parent === undefined || !isDirectory(answers.parent))) {
    return fail(`there is no directory ${posix.dirname(target)}`, 'create it with a directory task before this one');
  }
  if (there !== undefined && !args.force)
    return { changes: [], result, message: `${target} is there, and force is false` };

  const start = seen[0] ?? target;
  const unchecked = args.follow === true || start === target || at(start)?.type !== 'link';
  const follow = unchecked ? [] : followText(start, posix.dirname(target), posix.basename(target));
  const differences = there?.type === 'file' ? attributeDifferences(there, attributes) : [];
  const same = there?.type === 'file' && there.sha256 === wanted.sha256;
  if (same && differences.length === 0) return { changes: [], result };

  const question = entry(target, { hash: true }, input.account);
  const next: Entry = {
    ...(there?.type === 'file' ? withAttributes(there, attributes) : newEntry('file', attributes, answers)),
    size: wanted.size,
    sha256: wanted.sha256,
    readable: true,
  };
  const common = {
    expects: [question],
    predicts: [
      ...predictEntry(target, next, input.account),
      ...(wanted.bytes === undefined
        ? []
        : [predicts(content(target, input.account), present({ bytes: wanted.bytes, sha256: wanted.sha256 }))]),
      ...(there === undefined ? newUnit(target, wanted, input) : []),
    ],
    touches: [`path:${target}`],
  };
  if (same && there !== undefined) {
    return {
      changes: [
        {
          ...common,
          title: differences.join(', '),
          sign: '~',
          act: { kind: 'program', script: joinSh([...follow, attributeScript(target, there, attributes)], '\n') },
        },
      ],
      result,
    };
  }
  const title = there === undefined ? `create ${target} (${wanted.size} bytes)` : `update ${target}`;
  const diff = diffOf(target, there, wanted, answers.content);
  const change: Change = {
    ...common,
    title: [title, ...differences].join(', '),
    sign: there === undefined ? '+' : '~',
    ...(diff === undefined ? {} : { diff }),
    act: placingAct({
      target,
      follow,
      there,
      wanted,
      attributes,
      parent: answers.parent,
      backup: args.backup,
      ...(args.validate === undefined ? {} : { validate: args.validate }),
    }),
  };
  return { changes: [change], result };
}

/** A string of the control node as Content: `content: ...` of a task. */
export function contentOfText(text: string): Content {
  const bytes = Buffer.from(text, 'utf8');
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    ...(bytes.length <= inlineLimit ? { bytes } : {}),
    open: async function* () {
      yield bytes;
    },
  };
}

/**
 * The target path: inside `dest` if that is a directory (or a link to one), otherwise `dest` itself. A link is
 * replaced, as in Ansible, unless `follow` is set.
 */
export function locate(
  args: Pick<PlacedArgs, 'dest' | 'follow'>,
  base: string | undefined,
  at: (path: string) => Entry | undefined,
): string {
  const asDirectory = args.dest.length > 1 && args.dest.endsWith('/');
  const start = posix.normalize(args.dest).replace(/(.)\/+$/, '$1');
  let path = start;
  for (let hop = 0; hop < 3; hop++) {
    const there = at(path);
    if (there?.type === 'directory') return base === undefined ? path : posix.join(path, base);
    if (there?.type !== 'link' || there.target === undefined) break;
    path = posix.resolve(posix.dirname(path), there.target);
  }
  if (asDirectory && base !== undefined && path === start && at(path) === undefined) return posix.join(path, base);
  return args.follow === false ? start : path;
}

function isDirectory(parent: Entry): boolean {
  return parent.type === 'directory' || parent.type === 'link';
}

function showable(there: Entry, wanted: Content): boolean {
  return (
    there.type === 'file' &&
    there.readable !== false &&
    there.sha256 !== wanted.sha256 &&
    there.size <= diffLimit &&
    wanted.bytes !== undefined &&
    wanted.secret !== true
  );
}

function diffOf(
  target: string,
  there: Entry | undefined,
  wanted: Content,
  old: FileContent | undefined,
): Diff | undefined {
  if (wanted.secret === true || wanted.onHost !== undefined) return undefined;
  const before =
    there === undefined ? '' : there.type === 'link' ? `link to ${there.target}\n` : textOf(old?.bytes, there.size);
  return { before, after: textOf(wanted.bytes, wanted.size), beforeName: target, afterName: target };
}

/** The text, if it is one; otherwise a line that describes the bytes. */
function textOf(bytes: Buffer | undefined, size: number): string {
  if (bytes === undefined) return `(${size} bytes, too large to show)\n`;
  const text = bytes.toString('utf8');
  return text.includes('\0') || text.includes('\ufffd') ? `(binary, ${size} bytes)\n` : text;
}
