import { closeSync, openSync, readSync } from 'node:fs';
import { HealError } from '../../core/errors.ts';

/** The members of a tar. Times and owners are left out: the same members give the same bytes. */
export interface TarMember {
  /** With slashes. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link';
  /** Octal. */
  readonly mode: string;
  readonly size: number;
  /** For a link. */
  readonly target?: string;
  /** For a file: its path on the control node. */
  readonly source?: string;
}

const block = 512;
const chunk = 1024 * 1024;
/** Largest size that eleven octal digits can express. */
const largest = 8 ** 11 - 1;
const types = { file: '0', directory: '5', link: '2' } as const;

/** Bytes of the tar of these members. */
export function tarSize(members: readonly TarMember[]): number {
  const heads = members.reduce((sum, member) => sum + headsOf(member).length + padded(member.size), 0);
  return heads + 2 * block;
}

/**
 * The tar of these members (ustar, long names in the format of GNU and busybox), piece by piece.
 *
 * @throws HealError if a file's length has changed
 */
export function* tarOf(members: readonly TarMember[]): Generator<Uint8Array> {
  for (const member of members) {
    yield headsOf(member);
    if (member.source !== undefined) yield* fileOf(member, member.source);
  }
  yield Buffer.alloc(2 * block);
}

function* fileOf(member: TarMember, source: string): Generator<Uint8Array> {
  const file = openSync(source, 'r');
  try {
    let left = member.size;
    while (left > 0) {
      const buffer = Buffer.alloc(Math.min(chunk, left));
      const read = readSync(file, buffer, 0, buffer.length, null);
      if (read === 0) throw new HealError('failed', `${source} changed while it was read`, { hint: 'run it again' });
      left -= read;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
  yield Buffer.alloc(padded(member.size) - member.size);
}

function headsOf({ name, type, mode, size, target = '' }: TarMember): Buffer {
  if (size > largest)
    throw new HealError('failed', `${name} is too large for a tar`, { hint: 'leave it out, and copy it' });
  const heads: Buffer[] = [];
  if (Buffer.byteLength(target) > 100) heads.push(longName('K', target));
  if (Buffer.byteLength(name) > 100) heads.push(longName('L', name));
  heads.push(head(Buffer.from(name), types[type], mode, size, Buffer.from(target)));
  return Buffer.concat(heads);
}

function longName(type: 'K' | 'L', name: string): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const body = Buffer.alloc(padded(bytes.length));
  bytes.copy(body);
  return Buffer.concat([head(Buffer.from('././@LongLink'), type, '0644', bytes.length, Buffer.alloc(0)), body]);
}

function head(name: Buffer, type: string, mode: string, size: number, target: Buffer): Buffer {
  const bytes = Buffer.alloc(block);
  name.copy(bytes, 0, 0, 100);
  bytes.write(`${mode.padStart(7, '0')}\0`, 100);
  bytes.write('0000000\0', 108);
  bytes.write('0000000\0', 116);
  bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  bytes.write('00000000000\0', 136);
  bytes.write('        ', 148);
  bytes.write(type, 156);
  target.copy(bytes, 157, 0, 100);
  bytes.write('ustar  \0', 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

function padded(size: number): number {
  return Math.ceil(size / block) * block;
}
