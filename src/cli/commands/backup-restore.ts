import { resolve } from 'node:path';
import { chooseBackup, type KeptBackup } from '../../backups/kept-backups.ts';
import { restoreBackup } from '../../backups/restore.ts';
import { bytesText } from '../../core/amounts.ts';
import { HealError } from '../../core/errors.ts';
import type { Options } from '../options.ts';
import type { World } from '../world.ts';

/** `heal backup restore`: unpacks one backup of a host into a directory of the control node. */
export async function restoreBackups(
  backups: readonly KeptBackup[],
  directory: string,
  { second: host, to, at, only, output }: Options,
  world: World,
): Promise<number> {
  if (host === undefined || to === undefined) {
    const hint = 'for example: heal backup restore jack4 --to restored';
    throw new HealError('usage', `heal backup restore requires ${host === undefined ? 'a host' : '--to'}`, { hint });
  }
  const backup = chooseBackup(backups, directory, at);
  const place = resolve(world.cwd, to);
  const { files, size, left } = await restoreBackup(backup, place, only);
  if (output === 'json') {
    const { name, path } = backup;
    world.json({ format: 1, host, name, path, to: place, files, size, left });
    return 0;
  }
  const { line } = world.clean;
  for (const { path, why } of left) world.err(`${line(`warning: ${path} was not restored: ${why}`)}\n`);
  const amount = `${files} ${files === 1 ? 'file' : 'files'}, ${bytesText(size)}`;
  world.out(`${line(`restored ${host} of ${backup.name} to ${place}: ${amount}`)}\n`);
  return 0;
}
