import { posix } from 'node:path';
import type { Change } from '../../core/change.ts';
import type { Answers, Decision, Input, Look } from '../../core/module.ts';
import type { Question } from '../../core/probe.ts';
import { type Entry, entry } from '../../probes/entry.ts';
import { type User, user } from '../../probes/user.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import {
  type AttributeArgs,
  type AttributeReads,
  attributeDifferences,
  attributeReads,
  attributeScript,
  chownWord,
  followText,
  wantedAttributes,
  withAttributes,
} from './attributes.ts';
import { cleanPath } from './clean-path.ts';
import { octalWord, symbolicMode } from './mode.ts';
import { newEntry } from './new-entry.ts';
import { predictEntry } from './predicted-entry.ts';

/** Questions about a directory: itself and, if they must be created first, all directories above it. `up0` is the nearest. */
export type DirectoryReads = AttributeReads & {
  readonly [name: `up${number}`]: Question<Entry>;
  readonly entry: Question<Entry>;
  readonly linked: Question<Entry> | undefined;
  readonly self: Question<User>;
};

/** The questions of `directory` and of `file` with `state: directory`. */
export function directoryReads(
  args: AttributeArgs & { readonly path: string },
  look: Look,
  input: Input,
): DirectoryReads {
  const path = cleanPath(args.path);
  const itself = entry(path, {}, input.account);
  const link = look(itself)?.target;
  return {
    ...Object.fromEntries(above(path).map((one, i) => [`up${i}`, entry(one, {}, input.account)])),
    entry: itself,
    linked: link === undefined ? undefined : entry(posix.resolve(posix.dirname(path), link), {}, input.account),
    ...attributeReads(args, input.account),
    self: user(input.account.user ?? input.facts.user, input.account),
  };
}

/**
 * Creates the directory, and missing directories above it, with the given attributes (all of them, as Ansible does).
 */
export function directoryPlan(
  args: AttributeArgs & { readonly path: string },
  answers: Answers<DirectoryReads>,
  input: Input,
): Decision {
  const path = cleanPath(args.path);
  const attributes = wantedAttributes(args, answers);
  if ('failed' in attributes) return { changes: [], failed: attributes.failed };
  const there = answers.entry?.type === 'link' ? answers.linked : answers.entry;
  const real = answers.entry?.type === 'link' ? posix.resolve(posix.dirname(path), answers.entry.target ?? '') : path;
  if (answers.entry?.type === 'link' && there?.type !== 'directory') {
    return { changes: [], failed: `${path} is a link to ${answers.entry.target}, which is not a directory` };
  }
  if (there !== undefined && there.type !== 'directory') {
    return { changes: [], failed: `${path} is a ${there.type}, not a directory` };
  }
  if (there !== undefined) {
    const differences = attributeDifferences(there, attributes);
    if (differences.length === 0) return { changes: [] };
    const question = entry(real, {}, input.account);
    return {
      changes: [
        {
          title: differences.join(', '),
          sign: '~',
          expects: [question],
          act: {
            kind: 'program',
            script: joinSh([...followText(path, real), attributeScript(real, there, attributes)], '\n'),
          },
          predicts: predictEntry(real, withAttributes(there, attributes), input.account),
          touches: [`path:${real}`],
        },
      ],
    };
  }

  const missing = [path];
  let parent: Entry | undefined;
  for (const [i, directory] of above(path).entries()) {
    parent = answers[`up${i}`];
    if (parent !== undefined) break;
    missing.unshift(directory);
  }
  if (parent !== undefined && parent.type !== 'directory' && parent.type !== 'link') {
    return { changes: [], failed: `${posix.dirname(missing[0] ?? path)} is a ${parent.type}, not a directory` };
  }
  const made: { path: string; entry: Entry; masked: boolean }[] = [];
  for (const directory of missing) {
    const one = newEntry('directory', attributes, { self: answers.self, parent });
    made.push({ path: directory, entry: one, masked: parent?.defaultAcl?.extended ?? true });
    parent = one;
  }
  const { mode } = attributes;
  const owner = chownWord(attributes);
  const octal = mode === undefined ? '' : octalWord(mode);
  const change: Change = {
    title:
      missing.length === 1 ? `create directory ${path}` : `create directory ${path} and ${missing.length - 1} above it`,
    sign: '+',
    expects: [entry(path, {}, input.account)],
    act: {
      kind: 'program',
      script: joinSh(
        made.map((one) => {
          const symbolic = mode === undefined ? '' : one.masked ? symbolicMode(mode) : octal;
          return sh`make_directory ${one.path} ${owner} ${octal} ${symbolic}`;
        }),
        '\n',
      ),
    },
    predicts: made.flatMap((one) => predictEntry(one.path, one.entry, input.account)),
    touches: missing.map((one) => `path:${one}`),
  };
  return { changes: [change] };
}

/** The directories above, nearest first, without the root. */
function above(path: string): string[] {
  const directories: string[] = [];
  for (let one = posix.dirname(path); one !== '/'; one = posix.dirname(one)) directories.push(one);
  return directories;
}
