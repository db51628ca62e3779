import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { growingFile } from '../../src/backups/growing-file.ts';
import { newestSize } from '../../src/backups/kept-backups.ts';
import { newBackup, type PackReport } from '../../src/backups/new-backup.ts';
import { runSync } from '../child.ts';

let directory = '';
const at = (...names: string[]): string => join(directory, ...names);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-backup-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** An archive of two files, one larger than a piece that is read. */
function archive(): Buffer {
  writeFileSync(at('small'), 'small');
  writeFileSync(at('large'), randomBytes(3_000_000));
  runSync('tar', ['-C', directory, '-czf', at('a.tgz'), 'small', 'large']);
  return readFileSync(at('a.tgz'));
}

const begin = () => newBackup(at('backups'), { host: 'vps', about: {}, parses: [] });
const report = (bytes: Buffer, changes: Partial<PackReport> = {}): PackReport => ({
  code: 0,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  databases: [],
  warnings: [],
  ...changes,
});
/** The one archive below the directory of backups, complete or not. */
const stored = (): string => {
  const [name] = readdirSync(at('backups')).filter((one) => one !== '.gitignore');
  return at('backups', name ?? '', 'archive.tar.gz');
};
const nothingIsLeft = (): void => expect(readdirSync(at('backups'))).toEqual(['.gitignore']);

test('a backup that arrives in pieces is stored with the hash of each file', async () => {
  const bytes = archive();
  const backup = await begin();
  expect(await newestSize(at('backups'))).toBeUndefined();
  for (let from = 0; from < bytes.length; from += 32_768) await backup.write(bytes.subarray(from, from + 32_768));
  const { name, manifest } = await backup.keep(report(bytes));
  expect(readFileSync(at('backups', name, 'archive.tar.gz')).equals(bytes)).toBe(true);
  const hash = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(at(file)))
      .digest('hex');
  expect(manifest.members.map(({ path, sha256 }) => [path, sha256])).toEqual([
    ['small', hash('small')],
    ['large', hash('large')],
  ]);
  expect(manifest.archive.size).toBe(bytes.length);
  expect(await newestSize(at('backups'))).toBe(bytes.length);
});

const faults: [name: string, given: (bytes: Buffer) => [arrives: Buffer, report: PackReport], message: RegExp][] = [
  [
    'tar failed',
    (bytes) => [bytes, report(bytes, { code: 2, warnings: ['tar: no space'] })],
    /^no backup was kept: tar ended with exit code 2: tar: no space$/,
  ],
  [
    'bytes were lost',
    (bytes) => [bytes.subarray(9), report(bytes)],
    /^no backup was kept: what arrived is not what the host sent$/,
  ],
  [
    'the host sent a truncated archive',
    (bytes) => [bytes.subarray(0, -9), report(bytes.subarray(0, -9))],
    /^no backup was kept: the archive is damaged: /,
  ],
  [
    'the host sent something else',
    () => [Buffer.from('no archive'), report(Buffer.from('no archive'))],
    /^no backup was kept: the archive is damaged: /,
  ],
  [
    'the host sent nothing',
    () => [Buffer.alloc(0), report(Buffer.alloc(0))],
    /^no backup was kept: the archive is damaged: /,
  ],
];
test.each(faults)('nothing is stored if %s', async (_name, given, message) => {
  const [arrives, sent] = given(archive());
  const backup = await begin();
  for (let from = 0; from < arrives.length; from += 32_768) await backup.write(arrives.subarray(from, from + 32_768));
  await expect(backup.keep(sent)).rejects.toThrow(message);
  nothingIsLeft();
});

test('nothing is stored if the disk does not contain what was written', async () => {
  const bytes = archive();
  const backup = await begin();
  await backup.write(bytes);
  // It is longer than what can be read before this.
  truncateSync(stored(), 0);
  await expect(backup.keep(report(bytes))).rejects.toThrow(
    /^no backup was kept: the archive is damaged: it is shorter than what was written$/,
  );
  nothingIsLeft();
});

test('a backup is discarded while it is read', async () => {
  const bytes = archive();
  const backup = await begin();
  await backup.write(bytes.subarray(0, 2_000_000));
  expect(existsSync(stored())).toBe(true);
  await backup.discard();
  nothingIsLeft();
});

test('the reader of a growing file waits for its end', async () => {
  const file = await growingFile(at('grows'));
  const read = file.reader.toArray();
  await file.write(Buffer.from('one '));
  await file.write(Buffer.from('two'));
  await file.end();
  expect(Buffer.concat(await read).toString()).toBe('one two');
  await file.abort();
});
