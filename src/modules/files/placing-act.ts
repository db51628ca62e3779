import { posix } from 'node:path';
import type { Change, Content } from '../../core/change.ts';
import type { Sh } from '../../core/sh.ts';
import { absent, present } from '../../core/state.ts';
import { lines } from '../../probes/command.ts';
import { type Entry, entryProbe } from '../../probes/entry.ts';
import { heredoc } from '../../shell/heredoc.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { shellWords } from '../commands/shell-words.ts';
import { type Attributes, chownWord } from './attributes.ts';
import { octalWord, symbolicMode } from './mode.ts';

/** Maximum size of content that is part of the program, in bytes. */
export const inlineLimit = 64 * 1024;

/** How a file is placed: the existing entry, the desired one, and the directory's default ACL, if any. */
export interface Placing {
  readonly target: string;
  /** Refuses a link that led to the target. */
  readonly follow: readonly Sh[];
  readonly there: Entry | undefined;
  readonly wanted: Content;
  readonly attributes: Attributes;
  readonly parent: Entry | undefined;
  readonly backup: boolean;
  readonly validate?: string;
}

/** The act that places a file: see `begin`, `finish` and `commit` in src/shell/library.ts. */
export function placingAct(placing: Placing): Change['act'] {
  const { target, there, wanted, attributes, parent } = placing;
  const { mode } = attributes;
  const octal = mode === undefined ? '' : octalWord(mode);
  // A default ACL without named entries creates files without an ACL: their group bits are not a mask.
  const masked = parent?.defaultAcl === undefined || parent.defaultAcl.extended;
  const symbolic = mode === undefined ? '' : masked ? symbolicMode(mode) : octal;
  const acl = there?.type === 'file' && there.acl ? 'acl' : '';
  const owner = chownWord(attributes);
  const { onHost } = wanted;
  const bytes = wanted.size <= inlineLimit ? wanted.bytes : undefined;
  const fill =
    onHost !== undefined
      ? // What is read may be another file than the one that was looked at.
        sh`{ cat <${onHost} >"$NEW" && hashed "$NEW" ${wanted.sha256}; } || moved`
      : bytes === undefined
        ? sh`fill`
        : heredoc(sh`{ base64 -d >"$NEW" || exit 1; }`, lines(bytes.toString('base64')));
  const script = joinSh(
    [
      ...placing.follow,
      sh`begin ${target}`,
      fill,
      sh`finish ${target} ${owner} ${octal} ${symbolic} ${acl} ${there?.sha256 ?? ''}`,
      ...(placing.validate === undefined ? [] : [validation(placing.validate, target, there)]),
      ...(placing.backup && there?.type === 'file' ? [sh`backup ${target} ${acl}`] : []),
      sh`commit ${target} ${owner} ${acl === '' ? octal : symbolic}`,
    ],
    '\n',
  );
  return bytes === undefined && onHost === undefined
    ? { kind: 'upload', content: wanted, near: posix.dirname(target), script }
    : { kind: 'program', script };
}

/**
 * `visudo -cf %s`: words, not shell text; the new file's path replaces %s. It may take some time, so the target is
 * checked again after it: a change made meanwhile is not overwritten.
 */
function validation(command: string, target: string, there: Entry | undefined): Sh {
  const guard = entryProbe.guard?.({ path: target, hash: true }, there === undefined ? absent : present(there));
  return sh`
    said=$(${shellWords(command).map(placeholder)} 2>&1) || {
      [ -z "$said" ] || printf '%s\n' "$said" >&2
      die ${`the new content was refused by: ${command}`}
    }
    { ${guard ?? sh`:`}
    } || moved
  `;
}

function placeholder(word: string): Sh {
  const pieces = word
    .split('%s')
    .flatMap((part, i) => [...(i === 0 ? [] : [sh`"$PWD/\${NEW#./}"`]), ...(part === '' ? [] : [sh`${part}`])]);
  return joinSh(pieces, '');
}
