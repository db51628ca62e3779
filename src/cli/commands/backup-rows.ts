import { type KeptBackup, verifyBackup } from '../../backups/kept-backups.ts';
import { type Manifest, readManifest } from '../../backups/manifest.ts';
import { ageText, bytesText } from '../../core/amounts.ts';
import { exitCodes, HealError } from '../../core/errors.ts';
import { millisecondsOf } from '../backup-ages.ts';
import type { Options } from '../options.ts';
import type { World } from '../world.ts';

/** One backup of a list: its manifest, or why it can't be used. */
export interface BackupRow {
  readonly backup: KeptBackup;
  readonly manifest?: Manifest;
  readonly problem?: string;
}

/** `heal backup list` and `heal backup verify`: one line for each backup, with its problem. */
export async function listBackups(
  backups: readonly KeptBackup[],
  directory: string,
  options: Options,
  world: World,
): Promise<number> {
  const maxAge = options.maxAge === undefined ? undefined : millisecondsOf(options.maxAge, '--max-age', '--max-age ');
  const rows = await (options.target === 'list' ? readBackups(backups) : verify(backups, options));
  const old = maxAge === undefined ? [] : hostsWithout(rows, maxAge);
  if (options.output === 'json') world.json(document(rows, old));
  else if (rows.length === 0) world.out(world.clean.line(`no backups in ${directory}`).concat('\n'));
  else world.out(table(rows, options, world));
  for (const host of old) {
    const text = `no backup of ${host} that was read back is good and at most ${options.maxAge} old`;
    world.err(
      `${world.clean.line(`warning: ${text}`)}\nhint: heal run backup --limit ${world.clean.line(host)} creates one\n`,
    );
  }
  return old.length > 0 || rows.some((row) => row.problem !== undefined) ? exitCodes.failed : 0;
}

/** Hosts whose newest good backup is older than `maxAge` milliseconds. */
function hostsWithout(rows: readonly BackupRow[], maxAge: number): string[] {
  const since = Date.now() - maxAge;
  const hosts = new Set(rows.map(({ backup }) => backup.host));
  for (const { backup, manifest } of rows) {
    if (manifest !== undefined && Date.parse(manifest.created) >= since) hosts.delete(backup.host);
  }
  return [...hosts];
}

/** Each backup with its manifest. */
export async function readBackups(backups: readonly KeptBackup[]): Promise<BackupRow[]> {
  return Promise.all(backups.map((backup) => readBackup(backup, () => readManifest(backup.path))));
}

/** Reads the newest backup of each host back, or with `--all` every backup. */
async function verify(backups: readonly KeptBackup[], { all }: Options): Promise<BackupRow[]> {
  const newest = new Map(backups.map((backup) => [backup.host, backup]));
  const rows: BackupRow[] = [];
  // One after the other: each is limited by the disk.
  for (const backup of all ? backups : newest.values()) rows.push(await readBackup(backup, () => verifyBackup(backup)));
  return rows;
}

/** Reads one backup: a HealError is its problem. */
export async function readBackup(backup: KeptBackup, read: () => Promise<Manifest>): Promise<BackupRow> {
  try {
    return { backup, manifest: await read() };
  } catch (error) {
    if (!(error instanceof HealError)) throw error;
    return { backup, problem: error.message };
  }
}

function table(rows: readonly BackupRow[], { target }: Options, { clean, paint }: World): string {
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

function document(rows: readonly BackupRow[], old: readonly string[]): unknown {
  return {
    format: 1,
    /** Hosts without a good backup within `--max-age`. */
    tooOld: old,
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
