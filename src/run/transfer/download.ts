import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Act } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { asUser } from '../../shell/as-user.ts';
import { sh } from '../../shell/sh.ts';

/**
 * Copies a file of the host to the control node, where only its owner can read it. It replaces an older one
 * once it is complete and equals the file that was read before.
 */
export async function download(
  connection: Connection,
  act: Extract<Act, { kind: 'download' }>,
  user: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { path, to, sha256 } = act;
  const { code, stdout, stderr } = await connection.channel(asUser(user, sh`exec cat -- ${path}`), undefined, signal);
  if (code !== 0) {
    const words = stderr.toString('utf8').trim().split('\n').at(-1);
    throw new HealError('failed', `cannot download ${path}: ${words || 'connection lost'}`);
  }
  if (createHash('sha256').update(stdout).digest('hex') !== sha256) {
    throw new HealError('failed', `${path} changed during the download`, { hint: 'run it again' });
  }
  const beside = `${to}.heal-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(to), { recursive: true });
    await writeFile(beside, stdout, { mode: 0o600, flag: 'wx' });
    await rename(beside, to);
  } catch (error) {
    await rm(beside, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw new HealError('failed', `${to} could not be written: ${why}`, { cause: error });
  }
}
