import { posix } from 'node:path';
import type { Decision, Input } from '../../core/module.ts';
import { type Entry, entry } from '../../probes/entry.ts';
import type { User } from '../../probes/user.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { type Attributes, attributeDifferences, chownWord, withAttributes } from './attributes.ts';
import { newEntry } from './new-entry.ts';
import { predictEntry } from './predicted-entry.ts';

/** The account that creates a new entry, and the directory in which it is created. */
export interface Origins {
  readonly self?: User | undefined;
  readonly up0?: Entry | undefined;
}

/**
 * Makes `path` a link to `src` (symbolic, with `src` unchanged), or another name of the same file if it is `hard`.
 * The mode of a link has no meaning.
 */
export function linkPlan(
  wanted: { readonly path: string; readonly src: string; readonly hard: boolean; readonly force: boolean },
  answers: Origins & { readonly entry?: Entry | undefined; readonly source?: Entry | undefined },
  { mode: _mode, ...ownership }: Attributes,
  input: Input,
): Decision {
  const { path, src, hard, force } = wanted;
  const there = answers.entry;
  const source = answers.source;
  if (hard && source === undefined) return { changes: [], failed: `${src} is not there` };
  const isIt = hard
    ? there?.stamp !== undefined &&
      there.stamp.inode === source?.stamp?.inode &&
      there.stamp.device === source.stamp.device
    : there?.type === 'link' && there.target === src;
  const differences = isIt && !hard && there !== undefined ? attributeDifferences(there, ownership) : [];
  if (isIt && differences.length === 0) return { changes: [] };
  if (there?.type === 'directory')
    return { changes: [], failed: `${path} is a directory`, hint: 'remove it by state: absent first' };
  if (!isIt && there !== undefined && there.type !== 'link' && !force) {
    return { changes: [], failed: `${path} is a ${there.type}`, hint: 'force: true puts the link in its place' };
  }
  const owner = chownWord(ownership);
  const made: Entry = {
    ...newEntry('file', ownership, { self: answers.self, parent: answers.up0 }),
    type: 'link',
    mode: '0777',
    acl: false,
    target: src,
  };
  const question = entry(path, {}, input.account);
  const name = `./${posix.basename(path)}`;
  const make = hard ? sh`ln -fn -- ${src} ${name} || exit` : sh`ln -sfn -- ${src} ${name} || exit`;
  return {
    changes: [
      {
        title: isIt
          ? differences.join(', ')
          : `${there === undefined ? 'create' : 'turn into'} ${hard ? 'hard ' : ''}link ${path} -> ${src}`,
        sign: there === undefined ? '+' : '~',
        expects: [question],
        act: {
          kind: 'program',
          script: joinSh(
            [
              sh`enter ${posix.dirname(path)}`,
              ...(isIt ? [] : [make]),
              ...(owner === '' || hard ? [] : [sh`chown -h ${owner} ${name}`]),
            ],
            '\n',
          ),
        },
        ...(hard
          ? {}
          : {
              predicts: predictEntry(
                path,
                isIt && there !== undefined ? withAttributes(there, ownership) : made,
                input.account,
              ),
            }),
        // From now on, everything below a link is in a different place.
        touches: [`tree:${path}`],
      },
    ],
  };
}
