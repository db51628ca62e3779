import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Act } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { asUser } from '../../shell/as-user.ts';
import { sh } from '../../shell/sh.ts';

/**
 * Copies a file of the host to the control node, where only its owner can read it. It is written piece by piece, and replaces
 * an older one once it is complete and equals the file that was read before.
 *
 * @param count Called with the number of bytes that have arrived since the last call.
 */
export async function download(
  connection: Connection,
  act: Extract<Act, { kind: 'download' }>,
  user: string | undefined,
  signal: AbortSignal,
  count: (bytes: number) => void = () => {},
): Promise<void> {
  const { path, to, sha256 } = act;
  const beside = `${to}.heal-${randomBytes(4).toString('hex')}`;
  const locally = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new HealError('failed', `${to} could not be written: ${why}`, { cause });
    });
  let file: FileHandle | undefined;
  try {
    await locally(mkdir(dirname(to), { recursive: true }));
    const target = await locally(open(beside, 'wx', 0o600));
    file = target;
    const hash = createHash('sha256');
    const command = asUser(user, sh`exec cat -- ${path}`);
    const { code, stderr } = await connection.channel(command, undefined, signal, async (chunk) => {
      hash.update(chunk);
      await locally(target.writeFile(chunk));
      count(chunk.length);
    });
    if (code !== 0) {
      const words = stderr.toString('utf8').trim().split('\n').at(-1);
      throw new HealError('failed', `cannot download ${path}: ${words || 'connection lost'}`);
    }
    if (hash.digest('hex') !== sha256) {
      throw new HealError('failed', `${path} changed during the download`, { hint: 'run it again' });
    }
    await locally(target.close());
    await locally(rename(beside, to));
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(beside, { force: true });
    throw error;
  }
}
