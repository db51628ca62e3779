import { type KeptBackup, removeBackup, verifyBackup } from '../../backups/kept-backups.ts';
import { keptBy, type Retention, retentionKeys } from '../../backups/retention.ts';
import { exitCodes, HealError } from '../../core/errors.ts';
import type { Options } from '../options.ts';
import type { World } from '../world.ts';
import { readBackup, readBackups } from './backup-rows.ts';

const usual = 'last=3,daily=7,weekly=4,monthly=12';

/**
 * `heal backup prune`: removes the backups of each host that the retention does not keep. Unreadable backups are neither
 * counted nor removed, and nothing of a host is removed unless the newest kept backup was read back just now.
 */
export async function pruneBackups(backups: readonly KeptBackup[], options: Options, world: World): Promise<number> {
  const retention = retentionOf(options.keep ?? usual);
  const { line } = world.clean;
  const { check, output } = options;
  const removed: object[] = [];
  const problems: object[] = [];
  const left = (host: string, name: string, problem: string, warning: string): void => {
    problems.push({ host, name, problem });
    world.err(`${line(`warning: ${warning}: ${problem}`)}\n`);
  };
  for (const host of new Set(backups.map((backup) => backup.host))) {
    const rows = await readBackups(backups.filter((backup) => backup.host === host));
    for (const { backup, problem } of rows) {
      if (problem !== undefined) left(host, backup.name, problem, `${host} ${backup.name} was left`);
    }
    const good = rows.flatMap(({ backup, manifest }) =>
      manifest === undefined ? [] : [{ backup, created: new Date(manifest.created) }],
    );
    const kept = keptBy(
      good.map(({ created }) => created),
      retention,
    );
    const doomed = good.filter(({ created }) => !kept.has(created));
    const newest = good.at(-1);
    if (newest === undefined || doomed.length === 0) continue;
    const { problem } = await readBackup(newest.backup, () => verifyBackup(newest.backup));
    if (problem !== undefined) {
      left(host, newest.backup.name, problem, `nothing of ${host} was removed`);
      continue;
    }
    for (const { backup } of doomed) {
      if (!check) await removeBackup(backup);
      removed.push({ host, name: backup.name, path: backup.path });
      if (output === 'text') world.out(`${line(`${check ? 'would remove' : 'removed'} ${host} ${backup.name}`)}\n`);
    }
  }
  if (output === 'json') world.json({ format: 1, check, removed, problems });
  return problems.length > 0 ? exitCodes.failed : 0;
}

/** Reads `daily=7,weekly=4`. */
function retentionOf(text: string): Retention {
  const given = text.split(',').map((part) => {
    const [, key = '', count = ''] = /^\s*([a-z]+)=(\d{1,5})\s*$/.exec(part) ?? [];
    const known = retentionKeys.find((one) => one === key);
    if (known !== undefined) return [known, Number(count)] as const;
    throw new HealError('usage', `--keep has "${part.trim()}", which is not a number of backups`, {
      hint: `for example: --keep ${usual}`,
    });
  });
  return { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, ...Object.fromEntries(given) };
}
