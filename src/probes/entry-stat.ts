import type { DefaultAcl } from './entry-acl.ts';

/** Possible types of a path. */
export type EntryType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'block' | 'char';

/** Attributes of a path. */
export interface Entry {
  readonly type: EntryType;
  /** Four octal digits, including setuid, setgid and sticky: '0644'. On a path with an ACL the third is the mask. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Name, or the number as a string if it has none. */
  readonly owner: string;
  readonly group: string;
  /** Bytes of a regular file; 0 for everything else. */
  readonly size: number;
  /** Target of a link, unresolved. */
  readonly target?: string;
  /** Hash of a regular file's content, hex: if it was requested and could be read. */
  readonly sha256?: string;
  /** Whether a regular file's content could be read, if the hash was requested. */
  readonly readable?: boolean;
  /** Whether it has an ACL of more than owner, group and others. Always false on a host without tools for ACLs. */
  readonly acl: boolean;
  /** What a directory passes on to new entries, if it has a default ACL. */
  readonly defaultAcl?: DefaultAcl;
  /** Whether something is mounted on exactly this path. */
  readonly mountpoint: boolean;
  /** Not predictable in a plan: absent from predictions. */
  readonly stamp?: Stamp;
}

/** The part of an Entry that can change without a change made by heal. `mtime` is in seconds since the epoch. */
export interface Stamp {
  readonly mtime: number;
  readonly device: string;
  readonly inode: string;
  readonly links: number;
}

/** One path according to `stat`. */
export interface Stat {
  readonly raw: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly target?: string;
  readonly stamp: Stamp;
}

/** st_mode's upper bits (inode(7)). */
const types: ReadonlyMap<number, EntryType> = new Map([
  [0o140000, 'socket'],
  [0o120000, 'link'],
  [0o100000, 'file'],
  [0o060000, 'block'],
  [0o040000, 'directory'],
  [0o020000, 'char'],
  [0o010000, 'fifo'],
]);

/** The type in a raw st_mode. */
export function entryType(raw: number): EntryType {
  return types.get(raw & 0o170000) ?? 'char';
}

/** st_mode in hex as `stat -c %f` prints it. */
export function rawMode({ type, mode }: Pick<Entry, 'type' | 'mode'>): string {
  const upper = [...types].find(([, name]) => name === type)?.[0] ?? 0;
  return (upper | Number.parseInt(mode, 8)).toString(16);
}

/**
 * Reads records `N|%f|%u|%g|%U|%G|%s|%Y|%d|%i|%h|%nN>%NN.` (N is the nonce, so that a name may contain anything), by name.
 * `%N` of a link is `name -> target`: bare in coreutils (QUOTING_STYLE=literal), between ' in busybox, between "
 * in uutils. The name is known, so the rest is the target.
 */
export function readStats(text: string, nonce: string): ReadonlyMap<string, Stat> {
  const found = new Map<string, Stat>();
  for (const record of text.split(`${nonce}|`).slice(1)) {
    const [head = '', tail = ''] = record.split(`${nonce}>`);
    const fields = head.split('|', 10);
    const [raw = '', uid, gid, owner = '', group = '', size, mtime, device = '', inode = '', links] = fields;
    const name = head.slice(fields.join('|').length + 1);
    const quoted = tail.split(`${nonce}.`)[0] ?? '';
    const mode = Number.parseInt(raw, 16);
    if (Number.isNaN(mode) || !tail.includes(`${nonce}.`)) continue;
    const target = entryType(mode) === 'link' ? targetOf(name, quoted) : undefined;
    if (entryType(mode) === 'link' && target === undefined) continue;
    found.set(name, {
      raw: mode,
      uid: Number(uid),
      gid: Number(gid),
      owner: owner === 'UNKNOWN' ? String(uid) : owner,
      group: group === 'UNKNOWN' ? String(gid) : group,
      size: Number(size),
      ...(target === undefined ? {} : { target }),
      stamp: { mtime: Number(mtime), device, inode, links: Number(links) },
    });
  }
  return found;
}

function targetOf(name: string, quoted: string): string | undefined {
  for (const mark of ['', "'", '"']) {
    const start = `${mark}${name}${mark} -> ${mark}`;
    if (quoted.startsWith(start) && quoted.endsWith(mark))
      return quoted.slice(start.length, quoted.length - mark.length);
  }
  return undefined;
}
