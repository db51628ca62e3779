import type { Act } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import type { Sh } from '../../core/sh.ts';
import { asUser } from '../../shell/as-user.ts';
import { safePaths } from '../../shell/safe-paths.ts';
import { sh } from '../../shell/sh.ts';
import { counted } from './progress.ts';

/**
 * Streams a content to a file in its target directory, so that a rename puts it in place. The file is
 * in a private directory there (see `stage` in src/shell/safe-paths.ts) and has a name that can't be guessed. The host checks
 * the received content with its hash; if it is not complete, nothing stays there.
 *
 * @param user - the account of the task, which owns the file; undefined for that of the connection
 * @param count - called with the number of bytes sent since the last call
 * @returns the absolute path on the host
 */
export async function upload(
  connection: Connection,
  act: Extract<Act, { kind: 'upload' }>,
  user: string | undefined,
  signal: AbortSignal,
  count: (bytes: number) => void = () => {},
): Promise<string> {
  const { content, near } = act;
  const receive = asUser(user, receiveText(near, content.sha256));
  const { code, stdout, stderr } = await connection.channel(receive, counted(content.open(), count), signal);
  if (code === 0) return stdout.toString('utf8');
  const words = stderr.toString('utf8').trim().split('\n').at(-1);
  throw new HealError('failed', `cannot write ${content.size} bytes to ${near}: ${words || 'connection lost'}`, {
    hint: 'look whether the directory exists and has room',
  });
}

/**
 * Writes its standard input to a new file in a private directory in `near`, and prints the file's path. A link of another account
 * is not followed, neither in `near` nor above it: such a link may have been created since the task was decided.
 */
export function receiveText(near: string, sha256: string): Sh {
  return sh`
    ${safePaths}
    umask 077
    enter ${near}
    at=$(stat -c %d:%i .) d=$(mktemp -d .heal-XXXXXXXX) || exit 1
    cd -P "./$d" || exit 1
    # It may have been replaced meanwhile, if another account can write to the directory above.
    set -- "$at" "$(id -u)" $(stat -c '%a %u %d:%i' . ..)
    case $3 in 700 | 2700) ;; *) false ;; esac && [ "$1 $2" = "$8 $4" ] || { echo "$d was replaced" >&2; exit 1; }
    f=
    trap 'rm -f ./.heal \${f:+"./$f"}; cd -P .. && rmdir "./$d"' EXIT
    : >.heal
    f=$(mktemp XXXXXXXXXXXXXXXX) || exit 1
    cat >"./$f" || exit 1
    s=$(sha256sum <"./$f") && [ "\${s%% *}" = ${sha256} ] || { echo "what arrived is not what was sent" >&2; exit 1; }
    trap - EXIT
    printf %s ${near.replace(/\/$/, '')}"/$d/$f"
  `;
}
