import type { Act } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { asUser } from '../../shell/as-user.ts';
import { sh } from '../../shell/sh.ts';

/**
 * Streams a content to a private file in the folder where it will be needed, so that putting it in place is a rename.
 * What arrives is checked by size and hash on the host; if it is not whole, nothing is left there.
 *
 * @param user - the account of the task, which owns the file; undefined for that of the connection
 * @returns the absolute path on the host
 */
export async function upload(
  connection: Connection,
  act: Extract<Act, { kind: 'upload' }>,
  user: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { content, near } = act;
  const receive = sh`
    umask 077
    f=$(mktemp ${near}/.heal.XXXXXXXX) || exit 1
    trap 'rm -f "$f"' EXIT
    cat >"$f" || exit 1
    s=$(sha256sum <"$f") && [ "\${s%% *}" = ${content.sha256} ] || { echo "what arrived is not what was sent" >&2; exit 1; }
    trap - EXIT
    printf %s "$f"
  `;
  const { code, stdout, stderr } = await connection.channel(asUser(user, receive), content.open(), signal);
  if (code === 0) return stdout.toString('utf8');
  const words = stderr.toString('utf8').trim().split('\n').at(-1);
  throw new HealError('failed', `${content.size} bytes could not be put into ${near}: ${words || 'the line broke'}`, {
    hint: 'look whether the folder exists and has room',
  });
}
