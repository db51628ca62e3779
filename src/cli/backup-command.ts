import { resolve } from 'node:path';
import { type KeptBackup, keptBackups, verifyBackup } from '../backups/kept-backups.ts';
import { type Manifest, readManifest } from '../backups/manifest.ts';
import { ageText, bytesText } from '../core/amounts.ts';
import { exitCodes, HealError } from '../core/errors.ts';
import { didYouMean } from '../project/spelling.ts';
import type { Options } from './options.ts';
import { findProject } from './project-folder.ts';
import type { World } from './world.ts';

/** What `heal backup` does, by its first argument. */
const actions = { list, verify } as const;

/** One backup in the output: what is known of it, or why it can't be used. */
interface Row {
  readonly backup: KeptBackup;
  readonly manifest?: Manifest;
  readonly problem?: string;
}

/** `heal backup list|verify [HOST]`: the backups that `heal run backup` has kept. No host is logged in to. */
export async function backupCommand(options: Options, world: World): Promise<number> {
  const { target, second: host } = options;
  const action = Object.entries(actions).find(([name]) => name === target)?.[1];
  if (action === undefined) {
    const hint = didYouMean(target, Object.keys(actions), 'a backup is made by heal run backup --limit HOST');
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
  const rows = await action(chosen, options);
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
