import { posix } from 'node:path';
import type { Decision, Input } from '../../core/module.ts';
import type { Question } from '../../core/probe.ts';
import type { Sh } from '../../core/sh.ts';
import { type Entry, entry } from '../../probes/entry.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { predictAbsent } from './predicted-entry.ts';

/** The questions about a path that must not exist. */
export function removedReads(path: string, input: Input): { readonly entry: Question<Entry> } {
  return { entry: entry(posix.normalize(path), {}, input.account) };
}

/** Removes a path, including the content of a directory. */
export function removedPlan(given: string, there: Entry | undefined, input: Input): Decision {
  const path = posix.normalize(given).replace(/(.)\/+$/, '$1');
  if (there === undefined) return { changes: [] };
  if (path === '/') return { changes: [], failed: 'the root of the file system is not removed' };
  if (there.mountpoint) return { changes: [], failed: `${path} is a mount point`, hint: 'unmount it first' };
  const isDirectory = there.type === 'directory';
  return {
    changes: [
      {
        title: `remove ${isDirectory ? 'directory ' : there.type === 'link' ? 'link ' : ''}${path}${isDirectory ? ' and all in it' : ''}`,
        sign: '-',
        expects: [entry(path, {}, input.account)],
        act: { kind: 'program', script: removalText(path, isDirectory) },
        predicts: predictAbsent(path, input.account),
        touches: [isDirectory ? `tree:${path}` : `path:${path}`],
      },
    ],
  };
}

/** Uses its name in the entered directory: a directory above that is renamed meanwhile has no effect. */
function removalText(path: string, isDirectory: boolean): Sh {
  const name = `./${posix.basename(path)}`;
  return joinSh([sh`enter ${posix.dirname(path)}`, isDirectory ? sh`rm -rf -- ${name}` : sh`rm -f -- ${name}`], '\n');
}
