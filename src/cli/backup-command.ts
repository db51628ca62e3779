import { resolve } from 'node:path';
import { type KeptBackup, keptBackups, removeBackup, verifyBackup } from '../backups/kept-backups.ts';
import { type Manifest, readManifest } from '../backups/manifest.ts';
import { restoreBackup } from '../backups/restore.ts';
import { keptBy, type Retention, retentionKeys } from '../backups/retention.ts';
import { ageText, bytesText } from '../core/amounts.ts';
import { exitCodes, HealError } from '../core/errors.ts';
import { didYouMean } from '../project/spelling.ts';
import type { Options } from './options.ts';
import { findProject } from './project-folder.ts';
import type { World } from './world.ts';

/** What `heal backup` does, by its first argument. */
const actions = ['list', 'verify', 'restore', 'prune'] as const;

/** One backup in the output: what is known of it, or why it can't be used. */
interface Row {
  readonly backup: KeptBackup;
  readonly manifest?: Manifest;
  readonly problem?: string;
}

/** `heal backup list|verify|restore|prune [HOST]`: the backups that `heal run backup` has kept. No host is logged in to. */
export async function backupCommand(options: Options, world: World): Promise<number> {
  const { target, second: host } = options;
  const action = actions.find((name) => name === target);
  if (action === undefined) {
    const hint = didYouMean(target, actions, 'a backup is made by heal run backup --limit HOST');
    throw new HealError('usage', `heal backup has no action "${target}"`, hint === undefined ? {} : { hint });
  }
  const project = findProject(world.cwd, options.project);
  const folder = resolve(project, options.backups ?? 'backups');
  const all = await keptBackups(folder, () => true);
  const chosen = all.filter((backup) => host === undefined || backup.host === host);
  if (host !== undefined && chosen.length === 0) {
    const hosts = new Set(all.map((backup) => backup.host));
    const hint = didYouMean(host, hosts, `heal run backup --limit ${host} makes one`);
    throw new HealError('failed', `there is no backup of ${host} in ${folder}`, hint === undefined ? {} : { hint });
  }
  if (action === 'restore') return restore(chosen, folder, options, world);
  if (action === 'prune') return prune(chosen, options, world);
  const rows = await (action === 'list' ? list(chosen) : verify(chosen, options));
  if (options.output === 'json') world.out(`${JSON.stringify(document(rows), undefined, 2)}\n`);
  else if (rows.length === 0) world.out(world.clean.line(`no backups in ${folder}`).concat('\n'));
  else world.out(table(rows, options, world));
  return rows.some((row) => row.problem !== undefined) ? exitCodes.failed : 0;
}

async function list(backups: readonly KeptBackup[]): Promise<Row[]> {
  return Promise.all(backups.map((backup) => rowOf(backup, () => readManifest(backup.path))));
}

/** Reads the newest backup of each host back, or with `--all` each. */
async function verify(backups: readonly KeptBackup[], { all }: Options): Promise<Row[]> {
  const newest = new Map(backups.map((backup) => [backup.host, backup]));
  const rows: Row[] = [];
  // One after the other: each is limited by the disk.
  for (const backup of all ? backups : newest.values()) rows.push(await rowOf(backup, () => verifyBackup(backup)));
  return rows;
}

/** Unpacks one backup of a host into a directory of the control node. */
async function restore(
  backups: readonly KeptBackup[],
  folder: string,
  { second: host, to, at, only, output }: Options,
  world: World,
): Promise<number> {
  if (host === undefined || to === undefined) {
    const hint = 'for example: heal backup restore jack4 --to restored';
    throw new HealError('usage', `heal backup restore wants ${host === undefined ? 'a host' : '--to'}`, { hint });
  }
  // `2026-11-28` is the whole day: names sort by their time, and nothing in one sorts after "~".
  const backup = backups.filter(({ name }) => at === undefined || name <= `${at}~`).at(-1);
  if (backup === undefined) {
    const oldest = `the oldest is ${backups[0]?.name}`;
    throw new HealError('failed', `there is no backup of ${host} in ${folder} from ${at} or before`, { hint: oldest });
  }
  const place = resolve(world.cwd, to);
  const { files, size, left } = await restoreBackup(backup, place, only);
  if (output === 'json') {
    const { name, path } = backup;
    world.out(`${JSON.stringify({ format: 1, host, name, path, to: place, files, size, left }, undefined, 2)}\n`);
    return 0;
  }
  const { line } = world.clean;
  for (const { path, why } of left) world.err(`${line(`warning: ${path} was not restored: ${why}`)}\n`);
  const amount = `${files} ${files === 1 ? 'file' : 'files'}, ${bytesText(size)}`;
  world.out(`${line(`restored ${host} of ${backup.name} to ${place}: ${amount}`)}\n`);
  return 0;
}

/**
 * Removes the backups of each host that the retention does not keep. What can't be read is neither counted nor removed, and
 * nothing of a host is removed unless the newest backup that is kept was read back just now.
 */
async function prune(backups: readonly KeptBackup[], options: Options, world: World): Promise<number> {
  const retention = retentionOf(options.keep);
  const { line } = world.clean;
  let failed = false;
  for (const host of new Set(backups.map((backup) => backup.host))) {
    const rows = await list(backups.filter((backup) => backup.host === host));
    for (const { backup, problem } of rows) {
      if (problem === undefined) continue;
      failed = true;
      world.err(`${line(`warning: ${backup.host} ${backup.name} was left: ${problem}`)}\n`);
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
    const row = await rowOf(newest.backup, () => verifyBackup(newest.backup));
    if (row.problem !== undefined) {
      failed = true;
      world.err(`${line(`warning: nothing of ${host} was removed: ${row.problem}`)}\n`);
      continue;
    }
    for (const { backup } of doomed) {
      if (!options.check) await removeBackup(backup);
      world.out(`${line(`${options.check ? 'would remove' : 'removed'} ${backup.host} ${backup.name}`)}\n`);
    }
  }
  return failed ? exitCodes.failed : 0;
}

/** Reads `daily=7,weekly=4`. */
function retentionOf(text: string): Retention {
  const given = text.split(',').map((part) => {
    const [, key = '', count = ''] = /^\s*([a-z]+)=(\d{1,5})\s*$/.exec(part) ?? [];
    const known = retentionKeys.find((one) => one === key);
    if (known !== undefined) return [known, Number(count)] as const;
    throw new HealError('usage', `--keep has "${part.trim()}", which is not a number of backups`, {
      hint: 'for example: --keep last=3,daily=7,weekly=4,monthly=12',
    });
  });
  return { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, ...Object.fromEntries(given) };
}

async function rowOf(backup: KeptBackup, read: () => Promise<Manifest>): Promise<Row> {
  try {
    return { backup, manifest: await read() };
  } catch (error) {
    if (!(error instanceof HealError)) throw error;
    return { backup, problem: error.message };
  }
}

function table(rows: readonly Row[], { target }: Options, { clean, paint }: World): string {
  const now = Date.now();
  const cells = rows.map(({ backup, manifest, problem }) => {
    const head = [backup.host, backup.name];
    if (manifest === undefined) return { cells: head, end: paint('failed', clean.line(problem ?? '')) };
    const files = manifest.members.filter(({ type }) => type === 'file').length;
    const amounts = [`${files} files`, bytesText(manifest.archive.size), ageText(now - Date.parse(manifest.created))];
    const warnings = manifest.warnings.length === 0 ? '' : paint('warning', `${manifest.warnings.length} warnings`);
    const end = target === 'verify' ? [paint('ok', 'ok'), warnings].filter((word) => word !== '').join(', ') : warnings;
    return { cells: [...head, ...amounts], end };
  });
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...cells.map((row) => row.cells[column]?.length ?? 0)));
  const lines = cells.map((row) => {
    const columns = row.cells.map((cell, index) =>
      index < 2 ? clean.line(cell).padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
    );
    return [...columns, row.end].join('  ').trimEnd();
  });
  return `${lines.join('\n')}\n`;
}

function document(rows: readonly Row[]): unknown {
  return {
    format: 1,
    backups: rows.map(({ backup, manifest, problem }) => ({
      host: backup.host,
      name: backup.name,
      path: backup.path,
      ...(problem === undefined ? {} : { problem }),
      ...(manifest === undefined
        ? {}
        : {
            created: manifest.created,
            size: manifest.archive.size,
            sha256: manifest.archive.sha256,
            files: manifest.members.filter(({ type }) => type === 'file').length,
            databases: manifest.databases,
            warnings: manifest.warnings,
          }),
    })),
  };
}
