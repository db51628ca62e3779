import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptBackups } from '../../src/backups/kept-backups.ts';
import { newBackup } from '../../src/backups/new-backup.ts';
import { restoreBackup } from '../../src/backups/restore.ts';

let directory = '';
const at = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-restore-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a tar may hold, written by hand: what no honest tar would write is what matters here. */
interface Forged {
  readonly name: string;
  readonly type?: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  readonly content?: string | Buffer;
  readonly target?: string;
  readonly mode?: number;
}

function tarOf(members: readonly Forged[]): Buffer {
  const blocks = members.flatMap(({ name, type = '0', content = '', target = '', mode = 0o644 }) => {
    const bytes = Buffer.from(content);
    const head = Buffer.alloc(512);
    head.write(name, 0, 100, 'utf8');
    head.write(mode.toString(8).padStart(7, '0'), 100);
    head.write('0000000', 108);
    head.write('0000000', 116);
    head.write(bytes.length.toString(8).padStart(11, '0'), 124);
    head.write('14000000000', 136);
    head.write('        ', 148);
    head.write(type, 156);
    head.write(target, 157, 100, 'utf8');
    head.write('ustar\x0000', 257);
    head.write(
      `${head
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Keeps such a tar as a backup, with the manifest that heal makes of it. */
async function kept(members: readonly Forged[]) {
  const bytes = gzipSync(tarOf(members));
  const backup = await newBackup(at('backups/jack4'), { host: 'jack4', about: {}, parses: [] });
  await backup.write(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await backup.keep({ code: 0, sha256, databases: [], warnings: [] });
  const [one] = await keptBackups(at('backups'), () => true);
  if (one === undefined) throw new Error('no backup was kept');
  return one;
}

test('files, directories and links are restored with their modes and times', async () => {
  const backup = await kept([
    { name: 'd/', type: '5', mode: 0o500 },
    { name: 'd/f', content: 'hello', mode: 0o640 },
    { name: 'd/l', type: '2', target: '/etc/passwd' },
    { name: 'd/h', type: '1', target: 'd/f' },
    { name: 'new/above/f', content: 'x' },
  ]);
  expect(await restoreBackup(backup, at('to'))).toEqual({ files: 2, size: 6, left: [] });
  expect(readFileSync(at('to/d/f'), 'utf8')).toBe('hello');
  expect(statSync(at('to/d/f')).mode & 0o7777).toBe(0o640);
  expect(statSync(at('to/d')).mode & 0o7777).toBe(0o500);
  expect(statSync(at('to/d/f')).mtimeMs).toBe(0o14000000000 * 1000);
  expect(readlinkSync(at('to/d/l'))).toBe('/etc/passwd');
  expect(statSync(at('to/d/h')).ino).toBe(statSync(at('to/d/f')).ino);
});

test.each<[string, Forged[], RegExp]>([
  ['a name that climbs', [{ name: '../out', content: 'x' }], /points outside/],
  ['a name that climbs from within', [{ name: 'a/../../out', content: 'x' }], /points outside/],
  ['an absolute name', [{ name: '/OUT', content: 'x' }], /points outside/],
  ['a device', [{ name: 'dev', type: '3' }], /neither file/],
  ['a pipe', [{ name: 'pipe', type: '6' }], /neither file/],
  ['a hard link that leads out', [{ name: 'h', type: '1', target: '../secret' }], /points outside/],
  ['a hard link to an absolute name', [{ name: 'h', type: '1', target: '/SECRET' }], /points outside/],
])('%s is left out and reported', async (_what, members, why) => {
  mkdirSync(at('secret'));
  const forged = members.map((member) => ({
    ...member,
    name: member.name.replace('/OUT', at('out')),
    ...(member.target === undefined ? {} : { target: member.target.replace('/SECRET', at('secret')) }),
  }));
  const backup = await kept([...forged, { name: 'good', content: 'x' }]);
  const { files, left } = await restoreBackup(backup, at('to'));
  expect(files).toBe(1);
  expect(left).toMatchObject([{ why: expect.stringMatching(why) }]);
  expect(readdirSync(at('to'))).toEqual(['good']);
  expect(existsSync(at('out'))).toBe(false);
});

test('no link of the archive is followed', async () => {
  mkdirSync(at('outside'));
  const backup = await kept([
    { name: 'l', type: '2', target: at('outside') },
    { name: 'l/f', content: 'planted' },
  ]);
  const { left } = await restoreBackup(backup, at('to'));
  expect(readdirSync(at('outside'))).toEqual([]);
  expect(lstatSync(at('to/l')).isDirectory()).toBe(true);
  expect(left).toMatchObject([{ path: 'l', why: expect.stringContaining('EEXIST') }]);
});

test('a file that is in the archive twice ends the restore', async () => {
  const backup = await kept([
    { name: 'f', content: 'one' },
    { name: 'f', content: 'two' },
  ]);
  await expect(restoreBackup(backup, at('to'))).rejects.toThrow(/f is not what the manifest says|EEXIST/);
});

test('set-user-ID bits are dropped', async () => {
  const backup = await kept([{ name: 'f', content: 'x', mode: 0o6755 }]);
  await restoreBackup(backup, at('to'));
  expect(statSync(at('to/f')).mode & 0o7777).toBe(0o755);
});

test('ten thousand names are restored', async () => {
  const members = Array.from({ length: 10_000 }, (_, index) => ({ name: `d/${index % 100}/${index}` }));
  const { files } = await restoreBackup(await kept(members), at('to'));
  expect(files).toBe(10_000);
});
