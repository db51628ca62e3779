import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadEntry } from 'tar';
import { HealError } from '../core/errors.ts';
import type { Member } from './manifest.ts';

/** Maximum size of a file whose content is returned, in bytes. */
const textAtMost = 16 * 1024 * 1024;

/** Content of an archive on the disk. */
export interface ArchiveContent {
  readonly size: number;
  /** Of the archive, hex. */
  readonly sha256: string;
  readonly members: readonly Member[];
  /** Contents of the entries whose paths were requested. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Reads an archive from its first byte to its last: unpacks it in memory piece by piece and hashes each file.
 *
 * @param path of a tar compressed with gzip; with `bytes` its name in errors
 * @param wanted paths of entries whose contents are returned
 * @param bytes the content of the archive, if it is not read from `path`
 * @throws HealError if it is damaged or ends too early
 */
export async function readArchive(
  path: string,
  wanted: readonly string[] = [],
  bytes?: Readable,
): Promise<ArchiveContent> {
  const members: Member[] = [];
  const texts = new Map<string, string>();
  const take = async (member: Member, entry: ReadEntry): Promise<void> => {
    const content = createHash('sha256');
    const text: Buffer[] = [];
    const isWanted = wanted.includes(member.path) && entry.size <= textAtMost;
    for await (const chunk of entry) {
      content.update(chunk);
      if (isWanted) text.push(chunk);
    }
    members.push(member.type === 'file' ? { ...member, sha256: content.digest('hex') } : member);
    if (isWanted) texts.set(member.path, Buffer.concat(text).toString('utf8'));
  };
  const { size, sha256 } = await readEntries(path, take, bytes);
  if (members.length === 0) throw damaged(path, 'it contains nothing');
  return { size, sha256, members, texts };
}

/**
 * Reads an archive from its first byte to its last, and passes on each entry with its content, one after the other.
 *
 * @param take must read the entry to its end, or discard it with `resume`; its rejection ends the reading
 * @param bytes the content of the archive; with it, `path` is only its name in errors
 * @returns the size of the archive in bytes, and its hash in hex
 * @throws HealError if it is damaged or ends too early
 */
export async function readEntries(
  path: string,
  take: (member: Member, entry: ReadEntry) => Promise<void>,
  bytes?: Readable,
): Promise<{ readonly size: number; readonly sha256: string }> {
  // An error before the pipeline is there is found by it.
  bytes?.on('error', () => {});
  const { Parser } = await import('tar');
  const file = bytes ?? createReadStream(path);
  const hash = createHash('sha256');
  let size = 0;
  let fault: Error | undefined;
  const parser = new Parser({ strict: true });
  const taken: Promise<void>[] = [];
  parser.on('entry', (entry: ReadEntry) => {
    const work = take(memberOf(entry), entry).catch((error: unknown) => {
      fault ??= error instanceof Error ? error : new Error(String(error));
      file.destroy(fault);
      entry.resume();
    });
    taken.push(work);
  });
  file.on('data', (chunk: Buffer) => {
    size += chunk.length;
    hash.update(chunk);
  });
  try {
    await pipeline(file, parser as unknown as NodeJS.WritableStream);
  } catch (error) {
    if (fault === undefined) throw damaged(path, error instanceof Error ? error.message : String(error), error);
  }
  await Promise.all(taken);
  if (fault !== undefined) throw fault;
  return { size, sha256: hash.digest('hex') };
}

function damaged(path: string, why: string, cause?: unknown): HealError {
  return new HealError('failed', `${path} is damaged: ${why}`, { cause });
}

const types: Readonly<Record<string, Member['type']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'link',
  Link: 'hard link',
};

function memberOf(entry: ReadEntry): Member {
  const type = types[entry.type] ?? 'other';
  return {
    path: entry.path.replace(/(.)\/+$/, '$1'),
    type,
    size: type === 'file' ? entry.size : 0,
    mode: ((entry.mode ?? 0) & 0o7777).toString(8).padStart(4, '0'),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: Math.floor((entry.mtime?.getTime() ?? 0) / 1000),
    ...(entry.linkpath === undefined || (type !== 'link' && type !== 'hard link') ? {} : { target: entry.linkpath }),
  };
}
