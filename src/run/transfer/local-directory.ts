import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Content, LocalDirectory, LocalEntry } from '../../core/change.ts';
import { excluder } from '../../modules/files/excludes.ts';
import { type TarMember, tarOf, tarSize } from './tar.ts';

const windows = sep === '\\';

/** Bytes up to which a tar is kept in memory. */
const heldAtMost = 64 * 1024;

/** A directory of the control node as a Content: its hash is that of the list of its entries. */
export async function directoryContent(path: string, exclude: readonly string[]): Promise<Content> {
  const entries = await entriesOf(path, excluder(exclude));
  const archives = new Map<string, Content>();
  const directory: LocalDirectory = {
    entries,
    archive: (members) => {
      const key = JSON.stringify(members);
      const found = archives.get(key) ?? archiveOf(path, entries, members);
      archives.set(key, found);
      return found;
    },
  };
  return {
    size: entries.reduce((sum, { size }) => sum + size, 0),
    sha256: createHash('sha256').update(JSON.stringify(entries)).digest('hex'),
    open: async function* () {},
    directory,
  };
}

async function entriesOf(root: string, leaves: ReturnType<typeof excluder>): Promise<LocalEntry[]> {
  const entries: LocalEntry[] = [];
  const walk = async (at: string): Promise<void> => {
    for (const name of (await readdir(join(root, at))).sort()) {
      const path = at === '' ? name : `${at}/${name}`;
      const local = join(root, path);
      const found = await lstat(local);
      if (leaves(path, found.isDirectory())) continue;
      if (found.isSymbolicLink()) {
        const words = await readlink(local);
        const target = windows ? words.replaceAll('\\', '/') : words;
        entries.push({ path, type: 'link', size: 0, executable: false, target });
      } else if (found.isDirectory()) {
        entries.push({ path, type: 'directory', size: 0, executable: true });
        await walk(path);
      } else if (found.isFile()) entries.push(await fileEntry(path, local, found.mode));
      // Sockets and similar files belong to this machine.
    }
  };
  await walk('');
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function fileEntry(path: string, local: string, mode: number): Promise<LocalEntry> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of createReadStream(local)) {
    hash.update(bytes);
    size += bytes.length;
  }
  const executable = windows ? await isScript(local) : (mode & 0o100) !== 0;
  return { path, type: 'file', size, sha256: hash.digest('hex'), executable };
}

/** Windows has no executable bit. */
async function isScript(local: string): Promise<boolean> {
  const file = await open(local);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.toString('latin1') === '#!';
  } finally {
    await file.close();
  }
}

/**
 * Reads the files once to compute the hash, and again to send them: no file is kept in memory, whatever its size. A change in
 * between gives another hash, and the host refuses the file.
 */
function archiveOf(
  root: string,
  entries: readonly LocalEntry[],
  wanted: Parameters<LocalDirectory['archive']>[0],
): Content {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const members = wanted.flatMap(({ path, mode }): TarMember[] => {
    const entry = byPath.get(path);
    if (entry === undefined) return [];
    const { type, size, target } = entry;
    return [
      {
        name: type === 'directory' ? `${path}/` : path,
        type,
        mode,
        size,
        ...(target === undefined ? {} : { target }),
        ...(type === 'file' ? { source: join(root, path) } : {}),
      },
    ];
  });
  const size = tarSize(members);
  const hash = createHash('sha256');
  const held: Uint8Array[] = [];
  for (const bytes of tarOf(members)) {
    hash.update(bytes);
    if (size <= heldAtMost) held.push(bytes);
  }
  return {
    size,
    sha256: hash.digest('hex'),
    ...(size <= heldAtMost ? { bytes: Buffer.concat(held) } : {}),
    open: async function* () {
      yield* tarOf(members);
    },
  };
}
