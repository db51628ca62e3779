import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HealError } from '../core/errors.ts';
import { archiveName, type Manifest, readManifest } from './manifest.ts';
import { readArchive } from './read-archive.ts';

/** A backup on the control node. */
export interface KeptBackup {
  /** Its name in the inventory: the name of the directory above. */
  readonly host: string;
  /** Name of its directory: the time in UTC. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/**
 * The backups below a directory, host by host, the oldest of each first.
 *
 * @param directory absolute path; contains one directory for each host
 * @param wanted whether a host's backups are listed
 */
export async function keptBackups(directory: string, wanted: (host: string) => boolean): Promise<KeptBackup[]> {
  const backups: KeptBackup[] = [];
  for (const host of await directoriesIn(directory)) {
    if (!wanted(host)) continue;
    const names = await directoriesIn(join(directory, host));
    backups.push(...names.map((name) => ({ host, name, path: join(directory, host, name) })));
  }
  return backups;
}

/**
 * The newest of a host's backups, or the newest one of a time.
 *
 * @param backups of one host, the oldest first
 * @param at a name or the beginning of one: `2026-11-28` is the whole day; selects the newest that is not later
 * @throws HealError if there is none
 */
export function chooseBackup(backups: readonly KeptBackup[], directory: string, at?: string): KeptBackup {
  // Names sort by their time, and nothing in a name sorts after "~".
  const backup = backups.filter(({ name }) => at === undefined || name <= `${at}~`).at(-1);
  if (backup !== undefined) return backup;
  const [oldest] = backups;
  if (oldest === undefined)
    throw new HealError('failed', `there is no backup in ${directory}`, {
      hint: 'heal backup list shows what there is',
    });
  throw new HealError('failed', `there is no backup of ${oldest.host} in ${directory} from ${at} or before`, {
    hint: `the oldest is ${oldest.name}`,
  });
}

/** Size in bytes of the archive of the newest backup of a host; undefined if there is none. */
export async function newestSize(directory: string): Promise<number | undefined> {
  const newest = (await directoriesIn(directory)).at(-1);
  if (newest === undefined) return undefined;
  return stat(join(directory, newest, archiveName)).then(
    ({ size }) => size,
    () => undefined,
  );
}

/**
 * Reads a backup back: the archive from start to end, each file against the manifest's checksum.
 *
 * @returns its manifest
 * @throws HealError that says what is damaged
 */
export async function verifyBackup({ path }: KeptBackup): Promise<Manifest> {
  const manifest = await readManifest(path);
  const archive = join(path, archiveName);
  const content = await readArchive(archive);
  const damaged = (why: string): HealError => new HealError('failed', `${archive} is damaged: ${why}`);
  if (content.sha256 !== manifest.archive.sha256) throw damaged('its checksum is not that of the manifest');
  const found = new Map(content.members.map((member) => [member.path, member]));
  for (const member of manifest.members) {
    if (found.get(member.path)?.sha256 !== member.sha256) throw damaged(`${member.path} is not what the manifest says`);
  }
  return manifest;
}

/** Removes a backup: first its name, so that a partially removed one does not count as a backup. */
export async function removeBackup({ path }: KeptBackup): Promise<void> {
  const doomed = join(dirname(path), `.${basename(path)}.partial`);
  try {
    await rename(path, doomed);
    await rm(doomed, { recursive: true });
  } catch (error) {
    throw new HealError('failed', `${path} can't be removed: ${error instanceof Error ? error.message : error}`);
  }
}

/** Names of the directories in a directory, sorted; empty if it does not exist. Names that begin with a dot are skipped. */
async function directoriesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new HealError('failed', `${directory} can't be read: ${error instanceof Error ? error.message : error}`);
  }
}
