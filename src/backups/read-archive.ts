import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { HealError } from '../core/errors.ts';
import type { Member } from './manifest.ts';

/** Largest file whose content is handed out, in bytes. */
const textAtMost = 16 * 1024 * 1024;

/** What an archive holds, as it lies on the disk. */
export interface ArchiveContent {
  readonly size: number;
  /** Of the archive, hex. */
  readonly sha256: string;
  readonly members: readonly Member[];
  /** Contents of the members whose paths were asked for. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Reads an archive from its first byte to its last: unpacks it in memory piece by piece and hashes each file.
 *
 * @param path of a tar compressed by gzip
 * @param wanted paths of members whose contents are returned
 * @throws HealError where it is damaged or ends too early
 */
export async function readArchive(path: string, wanted: readonly string[] = []): Promise<ArchiveContent> {
  const members: Member[] = [];
  const texts = new Map<string, string>();
  const hash = createHash('sha256');
  let size = 0;
  const fail = (why: string, cause?: unknown): HealError =>
    new HealError('failed', `${path} is damaged: ${why}`, { cause });
  const parser = new Parser({ strict: true });
  parser.on('entry', (entry: ReadEntry) => {
    const content = createHash('sha256');
    const text: Buffer[] = [];
    const isWanted = wanted.includes(entry.path) && entry.size <= textAtMost;
    entry.on('data', (chunk: Buffer) => {
      content.update(chunk);
      if (isWanted) text.push(chunk);
    });
    entry.on('end', () => {
      const member = memberOf(entry);
      members.push(member.type === 'file' ? { ...member, sha256: content.digest('hex') } : member);
      if (isWanted) texts.set(entry.path, Buffer.concat(text).toString('utf8'));
    });
  });
  const file = createReadStream(path);
  file.on('data', (chunk) => {
    size += chunk.length;
    hash.update(chunk);
  });
  try {
    await pipeline(file, parser as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), error);
  }
  if (members.length === 0) throw fail('it holds nothing');
  return { size, sha256: hash.digest('hex'), members, texts };
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
