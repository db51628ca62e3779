import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { HealError } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';
import { codeOf } from '../faults.ts';
import { configError, type Directive, parseLine } from './config-line.ts';
import { globFiles } from './file-glob.ts';

/** Paths of the ssh_config files. */
export interface ConfigPaths {
  /** The user's file, `~/.ssh/config`. */
  readonly user: string;
  /** The system's file, `/etc/ssh/ssh_config`. */
  readonly system: string;
  /** Base directories of a relative `Include`, for the user's file and the system's. */
  readonly userDirectory: string;
  readonly systemDirectory: string;
  readonly home: string;
  /** The user's id; undefined if files have no owner (Windows). */
  readonly uid: number | undefined;
}

/** A line of a file; an `Include` has the files that it names, in their order. */
export interface ConfigLine extends Directive {
  readonly included?: readonly ConfigFile[];
}

export type ConfigFile = readonly ConfigLine[];

/** As OpenSSH's READCONF_MAX_DEPTH. */
const maxDepth = 16;

/**
 * Reads the user's file and the system's, in this order, with all files that they include (ssh_config(5)). A file
 * that does not exist is empty.
 *
 * @throws HealError of kind `usage` for a file that cannot be read or is not well-formed
 */
export async function readConfigFiles(paths: ConfigPaths): Promise<readonly ConfigFile[]> {
  const user = { directory: paths.userDirectory, user: true, paths };
  const system = { directory: paths.systemDirectory, user: false, paths };
  return [await readFileOf(paths.user, user, []), await readFileOf(paths.system, system, [])];
}

interface Source {
  readonly directory: string;
  readonly user: boolean;
  readonly paths: ConfigPaths;
}

async function readFileOf(file: string, source: Source, above: readonly string[], from?: Place): Promise<ConfigFile> {
  const text = await readText(file, source, from);
  const lines: ConfigLine[] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const directive = parseLine(line, file, i + 1);
    if (directive?.keyword !== 'include') {
      if (directive !== undefined) lines.push(directive);
      continue;
    }
    lines.push({ ...directive, included: await readIncluded(directive, source, [...above, file]) });
  }
  return lines;
}

async function readIncluded(line: Directive, source: Source, above: readonly string[]): Promise<readonly ConfigFile[]> {
  const files: ConfigFile[] = [];
  if (line.words.length === 0) throw configError('Include names no file', line.at, 'name one, or remove the line');
  for (const word of line.words) {
    for (const file of await globFiles(includePath(word, line.at, source))) {
      if (above.includes(file) || above.length >= maxDepth) {
        throw configError(`Include leads back to ${file}`, line.at, 'remove one of the Include lines');
      }
      files.push(await readFileOf(file, source, above, line.at));
    }
  }
  return files;
}

/** ssh_config(5), Include: relative names start in `~/.ssh` or `/etc/ssh`; only the user's files may use `~`. */
function includePath(word: string, at: Place, { user, directory, paths }: Source): string {
  if (word === '') throw configError('Include names no file', at, 'name one, or remove the line');
  if (!word.startsWith('~')) return isAbsolute(word) ? word : join(directory, word);
  if (!user) throw configError('a file of the system cannot include ~', at, 'write an absolute path');
  if (!/^~([/\\]|$)/.test(word)) {
    throw configError(`the home directory in ${word} is not supported`, at, 'write an absolute path');
  }
  return join(paths.home, word.slice(1));
}

async function readText(file: string, { user, paths: { uid } }: Source, from: Place | undefined): Promise<string> {
  const details = from === undefined ? {} : { at: from };
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw unreadable(file, error, details);
  }
  try {
    const { mode, uid: owner } = await handle.stat();
    // A user who can write this file decides which host a login reaches: ssh(1), FILES.
    if (user && uid !== undefined && ((owner !== 0 && owner !== uid) || (mode & 0o022) !== 0)) {
      throw new HealError('usage', `others may write ${file}, so it is not read`, {
        hint: `run: chmod go-w ${file} (its owner must be you or root)`,
        ...details,
      });
    }
    return await handle.readFile('utf8');
  } catch (error) {
    throw error instanceof HealError ? error : unreadable(file, error, details);
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, cause: unknown, details: { readonly at?: Place }): HealError {
  const hint = 'check that it is a regular file and that you have read permission';
  return new HealError('usage', `cannot read the ssh config ${file}`, { hint, cause, ...details });
}
