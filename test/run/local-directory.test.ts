import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Content } from '../../src/core/change.ts';
import { excluder, namePatterns } from '../../src/modules/files/excludes.ts';
import { directoryContent } from '../../src/run/transfer/local-directory.ts';
import { runSync } from '../child.ts';

describe('excluded paths', () => {
  test.each<[string, string, boolean, boolean]>([
    ['cache', 'cache', true, true],
    ['cache', 'a/cache/b', false, true],
    ['cache', 'caches', false, false],
    ['*.log', 'a/x.log', false, true],
    ['*.log', 'xlog', false, false],
    ['/build', 'build/x', false, true],
    ['/build', 'a/build', true, false],
    ['a/b', 'a/b/c', false, true],
    ['a/b', 'x/a/b', false, false],
    ['logs/', 'logs', false, false],
    ['logs/', 'a/logs', true, true],
    ['logs/', 'logs/x', false, true],
    ['a/**/z', 'a/z', false, true],
    ['a/**/z', 'a/b/c/z', false, true],
    ['a/*', 'a/b/c', false, true],
    ['?.c', 'a.c', false, true],
    ['?.c', 'ab.c', false, false],
    ['[x]', '[x]', false, true],
  ])('%s and %s', (pattern, path, directory, expected) => {
    expect(excluder([pattern])(path, directory)).toBe(expected);
  });

  test('only plain names are left to find', () => {
    expect(namePatterns(['a', '*.log', '/b', 'c/', '**', '[d]', 'e\\'])).toEqual(['a', '*.log']);
  });
});

describe('a directory of the control node', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'heal-directory-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const bytesOf = async (content: Content): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of content.open()) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  test('is read with hashes, links and programs, and becomes a tar that any tar program reads', async () => {
    const deep = `${'d'.repeat(60)}/${'e'.repeat(60)}`;
    mkdirSync(join(root, deep), { recursive: true });
    mkdirSync(join(root, 'cache'));
    writeFileSync(join(root, 'cache/x'), 'x');
    writeFileSync(join(root, deep, 'naïve \\ name'), 'deep', { mode: 0o644 });
    writeFileSync(join(root, 'run'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(root, 'big'), Buffer.alloc(3_000_001, 'y'));
    symlinkSync(`${deep}/naïve \\ name`, join(root, 'link'));
    const content = await directoryContent(root, ['cache']);
    const { entries, archive } = content.directory ?? { entries: [], archive: () => content };
    expect(entries.map(({ path, type, executable }) => [path, type, executable])).toEqual([
      ['big', 'file', false],
      [deep.split('/')[0], 'directory', true],
      [deep, 'directory', true],
      [`${deep}/naïve \\ name`, 'file', false],
      ['link', 'link', false],
      ['run', 'file', true],
    ]);
    const tar = archive(entries.map(({ path }) => ({ path, mode: '0750' })));
    const bytes = await bytesOf(tar);
    expect([tar.size, tar.sha256, tar.bytes]).toEqual([
      bytes.length,
      createHash('sha256').update(bytes).digest('hex'),
      undefined,
    ]);
    expect(archive(entries.map(({ path }) => ({ path, mode: '0750' })))).toBe(tar);
    for (const [i, program] of [['tar'], ['busybox', 'tar']].entries()) {
      const out = join(root, `out${i}`);
      mkdirSync(out);
      runSync(program[0] ?? '', [...program.slice(1), '-xf', '-', '-C', out], { input: bytes });
      expect(readFileSync(join(out, deep, 'naïve \\ name'), 'utf8')).toBe('deep');
      expect(readlinkSync(join(out, 'link'))).toBe(`${deep}/naïve \\ name`);
      expect(readFileSync(join(out, 'big')).equals(readFileSync(join(root, 'big')))).toBe(true);
      expect(lstatSync(join(out, 'run')).mode & 0o777).toBe(0o750);
    }
  });

  test('a file that became shorter meanwhile is an error', async () => {
    writeFileSync(join(root, 'f'), 'long');
    const content = await directoryContent(root, []);
    writeFileSync(join(root, 'f'), 'l');
    expect(() => content.directory?.archive([{ path: 'f', mode: '0644' }])).toThrow('changed while it was read');
  });
});
