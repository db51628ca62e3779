import { closeSync, fchmodSync, fchownSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { chmod, lchown, link, mkdir, readdir, statfs, symlink, utimes } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, posix, sep } from 'node:path';
import type { ReadEntry } from 'tar';
import { bytesText } from '../core/amounts.ts';
import { HealError } from '../core/errors.ts';
import { type KeptBackup, verifyBackup } from './kept-backups.ts';
import { archiveName, type Member } from './manifest.ts';
import { readEntries } from './read-archive.ts';

/** Only root can change owners. Windows has no uids. */
const keepsOwners = userInfo().uid === 0;

/** Result of a restore. */
export interface Restored {
  readonly files: number;
  /** Bytes. */
  readonly size: number;
  /** Entries that were not restored, each with the reason. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Unpacks a backup, or a part of it, into a directory of the control node.
 *
 * The archive comes from a host, and may be hostile. So the backup is verified first; the directory must be empty, so that
 * nothing is replaced; a name that points outside it is skipped; symbolic links are created last, so that none is followed;
 * devices and pipes are not created; set-user-ID bits are removed. Owners are restored if root runs it.
 *
 * @param to absolute path; created if it does not exist
 * @param only absolute paths of the host: these and everything below them; empty is all
 * @throws HealError if the backup is damaged, the directory is not empty, or nothing matches a path of `only`
 */
export async function restoreBackup(backup: KeptBackup, to: string, only: readonly string[] = []): Promise<Restored> {
  const { members } = await verifyBackup(backup);
  const wanted = only.map((path) => posix.normalize(path).replace(/^\/+/, '').replace(/\/+$/, ''));
  const isWanted = (path: string): boolean =>
    wanted.length === 0 || wanted.some((one) => path === one || path.startsWith(`${one}/`));
  for (const [index, path] of wanted.entries()) {
    if (members.some((member) => member.path === path || member.path.startsWith(`${path}/`))) continue;
    throw new HealError('failed', `${only[index]} is not in the backup ${backup.path}`);
  }
  const chosen = members.filter(({ path }) => isWanted(path));
  const size = chosen.reduce((sum, member) => sum + member.size, 0);
  await emptyDirectory(to, size);

  const left: { path: string; why: string }[] = [];
  const links: Member[] = [];
  const directories: Member[] = [];
  const made = new Set<string>();
  let files = 0;
  const restore = async (member: Member, entry: ReadEntry): Promise<void> => {
    const why = isWanted(member.path) ? unsafe(member) : 'not wanted';
    if (why !== undefined) {
      if (why !== 'not wanted') left.push({ path: member.path, why });
      entry.resume();
      return;
    }
    const place = join(to, member.path);
    const above = dirname(place);
    if (!made.has(above)) mkdirSync(above, { recursive: true, mode: 0o700 });
    made.add(above);
    if (member.type === 'file') {
      await writeMember(place, member, entry);
      files += 1;
      return;
    }
    entry.resume();
    if (member.type === 'directory') {
      await mkdir(place, { recursive: true, mode: 0o700 });
      directories.push(member);
    } else links.push(member);
  };
  try {
    await readEntries(join(backup.path, archiveName), restore);
    for (const member of links) {
      const why = await makeLink(to, member);
      if (why !== undefined) left.push({ path: member.path, why });
    }
    // The deepest first: creating an entry alters the time of its directory, and the mode of a directory may forbid it.
    for (const member of directories.reverse()) await attributes(join(to, member.path), member);
  } catch (error) {
    if (error instanceof HealError) throw error;
    throw new HealError('failed', `the backup could not be restored to ${to}: ${text(error)}`, {
      hint: 'remove what was restored, and run it again',
      cause: error,
    });
  }
  return { files, size, left };
}

/** Synchronous: using a thread for each call would take most of the time for an archive with many small files. */
async function writeMember(place: string, { mode, uid, gid, mtime }: Member, entry: ReadEntry): Promise<void> {
  // `wx`: a second entry of the same name, or a link at this path, is an error.
  const file = openSync(place, 'wx', 0o600);
  try {
    for await (const chunk of entry) writeSync(file, chunk);
    if (keepsOwners) fchownSync(file, uid, gid);
    fchmodSync(file, Number.parseInt(mode, 8) & 0o777);
    futimesSync(file, mtime, mtime);
  } finally {
    closeSync(file);
  }
}

/** Why an entry is not restored; undefined if it is. */
function unsafe({ path, type }: Member): string | undefined {
  const parts = path.split('/');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0'))
    return 'its name points outside the directory';
  if (sep === '\\' && /[<>:"|?*\\]|[. ](\/|$)/.test(path)) return 'Windows has no such name';
  return type === 'other' ? 'it is neither file, directory nor link' : undefined;
}

async function makeLink(to: string, member: Member): Promise<string | undefined> {
  const place = join(to, member.path);
  const target = member.target ?? '';
  try {
    if (member.type === 'link') {
      await symlink(target, place);
      if (keepsOwners) await lchown(place, member.uid, member.gid);
      return undefined;
    }
    if (unsafe({ ...member, path: target }) !== undefined)
      return 'it is a link to a name that points outside the directory';
    await link(join(to, target), place);
    return undefined;
  } catch (error) {
    return `the link cannot be created: ${text(error)}`;
  }
}

async function attributes(place: string, { mode, uid, gid, mtime }: Member): Promise<void> {
  if (keepsOwners) await lchown(place, uid, gid);
  await chmod(place, Number.parseInt(mode, 8) & 0o777);
  await utimes(place, mtime, mtime);
}

async function emptyDirectory(to: string, size: number): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  if ((await readdir(to)).length > 0) {
    throw new HealError('failed', `${to} is not empty, and a restore replaces nothing`, {
      hint: 'name a new directory',
    });
  }
  const { bavail, bsize } = await statfs(to);
  if (bavail * bsize > size) return;
  const room = `${bytesText(bavail * bsize)} are free, ${bytesText(size)} are needed`;
  throw new HealError('failed', `the backup does not fit into ${to}: ${room}`, {
    hint: 'name a part of it with --only',
  });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
