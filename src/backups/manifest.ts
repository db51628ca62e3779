import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HealError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';

/**
 * src/backups stores backups of hosts on the control node and reads them back. A backup is a directory named after its time
 * in UTC, with `archive.tar.gz` and `manifest.json`. It may import only core; it does not depend on connections.
 */

/** Names of the files of a backup. */
export const archiveName = 'archive.tar.gz';
export const manifestName = 'manifest.json';

/** One entry of an archive. */
export interface Member {
  /** Without a leading slash. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link' | 'hard link' | 'other';
  /** Bytes of a file; otherwise 0. */
  readonly size: number;
  /** Octal, as for chmod. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, UTC. */
  readonly mtime: number;
  /** Of a file, hex. */
  readonly sha256?: string;
  /** Of a link or a hard link. */
  readonly target?: string;
}

/** How a SQLite database was copied; `plain` as a file, possibly without the last rows. */
export interface DatabaseCopy {
  readonly path: string;
  readonly how: 'sqlite3' | 'python3' | 'node' | 'plain';
}

/** Content of `manifest.json`. */
export interface Manifest {
  readonly version: 1;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly archive: { readonly size: number; readonly sha256: string };
  /** The arguments of the task: paths, exclude, databases. */
  readonly about: JsonObject;
  readonly databases: readonly DatabaseCopy[];
  /** Files that could not be read, or changed while they were read. */
  readonly warnings: readonly string[];
  readonly members: readonly Member[];
}

/**
 * Reads the manifest of a backup.
 *
 * @param directory absolute path of the backup
 * @throws HealError if it does not exist or is not a manifest
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, manifestName);
  try {
    const manifest: Manifest = JSON.parse(await readFile(path, 'utf8'));
    if (manifest.version === 1 && Array.isArray(manifest.members)) return manifest;
  } catch (error) {
    throw new HealError('failed', `${path} can't be read: ${error instanceof Error ? error.message : error}`);
  }
  throw new HealError('failed', `${path} is not the manifest of a backup, or of a newer heal`);
}
