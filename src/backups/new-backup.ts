import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import JSON5 from 'json5';
import { HealError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { type GrowingFile, growingFile } from './growing-file.ts';
import { archiveName, type DatabaseCopy, type Manifest, manifestName } from './manifest.ts';
import { readArchive } from './read-archive.ts';

/** Milliseconds after which the files of an interrupted run are removed. */
const leftoverAge = 24 * 60 * 60 * 1000;

/** The host's report on the archive that it sent. */
export interface PackReport {
  /** Exit code of tar: 1 if a file changed while it was read. */
  readonly code: number;
  /** Of all bytes sent, hex. */
  readonly sha256: string;
  readonly databases: readonly DatabaseCopy[];
  readonly warnings: readonly string[];
}

/** A backup that is being created. It gets its final name when it is complete. */
export interface NewBackup {
  /** Appends bytes of the archive. */
  write(chunk: Buffer): Promise<void>;
  /**
   * Reads the archive back and keeps the backup.
   *
   * @returns its name and manifest
   * @throws HealError if it differs from what the host sent, is damaged, or a file does not parse; then nothing is stored
   */
  keep(report: PackReport): Promise<{ readonly name: string; readonly manifest: Manifest }>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** Description of a new backup. */
export interface BackupOf {
  readonly host: string;
  readonly about: JsonObject;
  /** Paths in the archive that must parse as JSON5. */
  readonly parses: readonly string[];
}

/**
 * Begins a backup below a directory, which is created if it does not exist.
 *
 * @param to absolute path
 */
export async function newBackup(to: string, of: BackupOf, created = new Date()): Promise<NewBackup> {
  const stamp = created.toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  let partial = '';
  let file: GrowingFile;
  try {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await keepOutOfGit(to);
    await removeLeftovers(to, created.getTime());
    partial = join(to, `.${stamp}.${randomBytes(4).toString('hex')}.partial`);
    await mkdir(partial, { mode: 0o700 });
    file = await growingFile(join(partial, archiveName));
  } catch (error) {
    throw notWritten(partial || to, error);
  }
  const sent = createHash('sha256');
  // Read back from the disk while the rest arrives: afterwards it would take as long again as a fast line. A fault of the
  // archive counts only after those of the host and of the line, which explain it.
  const content = readArchive('the archive', of.parses, file.reader);
  const isRead = content.then(
    () => undefined,
    () => undefined,
  );
  const close = async (): Promise<void> => {
    await file.abort();
    // Windows removes and renames no directory of an open file.
    await isRead;
  };
  const discard = async (): Promise<void> => {
    await close();
    await rm(partial, { recursive: true, force: true });
  };

  const finish = async (report: PackReport): Promise<{ name: string; manifest: Manifest }> => {
    await file.end().catch((error: unknown) => {
      throw notWritten(partial, error);
    });
    if (report.code > 1) throw failed(`tar ended with exit code ${report.code}: ${report.warnings.at(-1) ?? ''}`);
    if (sent.digest('hex') !== report.sha256) throw failed('what arrived is not what the host sent', 'run it again');
    const { size, sha256, members, texts } = await content.catch((error: unknown) => {
      throw error instanceof HealError ? failed(error.message) : error;
    });
    await close();
    if (sha256 !== report.sha256) throw failed('what was written is not what arrived', 'check the disk');
    for (const path of of.parses) checkParses(path, texts.get(path));
    const manifest: Manifest = {
      version: 1,
      host: of.host,
      created: created.toISOString(),
      archive: { size, sha256 },
      about: of.about,
      databases: report.databases,
      warnings: report.warnings,
      members,
    };
    try {
      const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
      await writeFile(join(partial, manifestName), text, { mode: 0o600, flag: 'wx' });
      return { name: await nameFor(partial, to, stamp), manifest };
    } catch (error) {
      throw notWritten(partial, error);
    }
  };

  return {
    async write(chunk) {
      sent.update(chunk);
      await file.write(chunk).catch((error: unknown) => {
        throw notWritten(partial, error);
      });
    },
    keep: (report) =>
      finish(report).catch(async (error: unknown) => {
        await discard();
        throw error;
      }),
    discard,
  };
}

function checkParses(path: string, text: string | undefined): void {
  if (text === undefined) throw failed(`/${path} is not in it`, 'correct "parses" or "exclude" of the task');
  try {
    JSON5.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^JSON5: /, '') : String(error);
    throw failed(`/${path} is not valid JSON5: ${why}`, 'repair it on the host first: a restored copy would not start');
  }
}

/** Gives a complete backup its name; a number distinguishes two within the same second. */
async function nameFor(partial: string, to: string, stamp: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stamp : `${stamp}-${number}`;
    try {
      await rename(partial, join(to, name));
      return name;
    } catch (error) {
      if (!existsSync(join(to, name))) throw error;
    }
  }
}

/** Backups contain secrets: a project is often a repository, and `git add .` must not add them. */
async function keepOutOfGit(to: string): Promise<void> {
  const path = join(to, '.gitignore');
  if (!existsSync(path)) await writeFile(path, '*\n');
}

async function removeLeftovers(to: string, now: number): Promise<void> {
  for (const name of await readdir(to)) {
    if (!/^\..*\.partial$/.test(name)) continue;
    const { mtimeMs } = await stat(join(to, name));
    if (now - mtimeMs > leftoverAge) await rm(join(to, name), { recursive: true, force: true });
  }
}

function failed(why: string, hint?: string): HealError {
  return new HealError('failed', `no backup was kept: ${why}`, hint === undefined ? {} : { hint });
}

function notWritten(path: string, error: unknown): HealError {
  const why = error instanceof Error ? error.message : String(error);
  return new HealError('failed', `${path} can't be written: ${why}`, {
    hint: `is there room, and may you write to ${dirname(path)}?`,
    cause: error,
  });
}
