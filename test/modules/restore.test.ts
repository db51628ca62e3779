import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backupContent } from '../../src/backups/backup-content.ts';
import type { Content } from '../../src/core/change.ts';
import { backup } from '../../src/modules/backup.ts';
import { restore } from '../../src/modules/restore.ts';
import { archive } from '../../src/run/transfer/archive.ts';
import { sh } from '../../src/shell/sh.ts';
import { connectHere } from '../../src/ssh/here.ts';
import { runSync } from '../child.ts';
import { apply, decide, inputOf, type Shell, shells } from './on-this-machine.ts';

const [dash, busybox] = shells();
/** Seconds since 1970; of the facts that the tests give. */
const suffix = '.before-2023-11-14T22-13-20Z';

describe('a restore on the host', () => {
  if (dash === undefined || busybox === undefined) throw new Error('dash or busybox is missing');
  let directory = '';
  const at = (name: string): string => join(directory, name);
  const text = (name: string): string => readFileSync(at(name), 'utf8');
  const tree = (): string[] => readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-restore-'));
    mkdirSync(at('app/sub'), { recursive: true });
    writeFileSync(at('app/config'), 'good');
    writeFileSync(at('single'), 'one');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Makes a backup of paths, and reads it as a restore does. */
  const backedUp = async (paths: readonly string[], exclude: readonly string[] = []): Promise<Content> => {
    const kept = mkdtempSync(join(tmpdir(), 'heal-kept-'));
    const args = { paths: [...paths], optional: [], exclude: [...exclude], databases: [], parses: [], dest: 'kept' };
    const none = { size: 0, sha256: '', open: async function* () {} };
    const locals = { dest: { ...none, path: join(kept, 'here') } };
    const act = decide(dash, backup, args, inputOf({ locals })).decision.changes[0]?.act;
    if (act?.kind !== 'archive') throw new Error('no archive is to be made');
    const how = { argv: [dash.sh], path: dash.path };
    const { signal } = new AbortController();
    const connection = await connectHere(sh`:`, () => undefined, signal, how);
    try {
      await archive(connection, act, { signal, timeout: undefined });
    } finally {
      await connection.close();
    }
    return contentOf(join(kept, 'here'));
  };
  const contentOf = async (kept: string): Promise<Content> => {
    const content = await backupContent(kept);
    const chunks: Uint8Array[] = [];
    for await (const chunk of content.open()) chunks.push(chunk);
    rmSync(join(kept, '..'), { recursive: true });
    return { ...content, bytes: Buffer.concat(chunks) };
  };
  const restored = (content: Content, only: readonly string[] = [], shell: Shell = dash, meanwhile = () => {}) => {
    const input = inputOf({ locals: { backup: content } });
    const args = { src: 'kept/here', only: [...only] };
    const first = decide(shell, restore, args, input);
    const [change] = first.decision.changes;
    if (change === undefined) throw new Error(first.decision.failed);
    const applied = apply(shell, change, first.states, meanwhile);
    return { ...applied, title: change.title, after: decide(shell, restore, args, input, first.answers).decision };
  };

  test('restores files with modes, owners, ACLs, times and links, and keeps the old ones in the same directory', async () => {
    const odd = ['with space', 'line\nbreak', "it's", '-dash', '$(id)', '*'];
    for (const name of odd) writeFileSync(at(`app/${name}`), name);
    chmodSync(at('app/config'), 0o4751);
    chownSync(at('app/sub'), 47_110, 47_111);
    runSync('setfacl', ['-m', 'u:47112:rwx', at('app/sub')]);
    symlinkSync('config', at('app/link'));
    const seconds = (): number => Math.floor(statSync(at('app/config')).mtimeMs / 1000);
    const time = seconds();
    const content = await backedUp([at('app'), at('single')]);
    const before = tree();

    rmSync(at('app/config'));
    writeFileSync(at('app/new'), 'made since');
    rmSync(at('single'));
    const { code, stderr, title, after } = restored(content);
    expect([code, stderr]).toEqual([0, '']);
    expect(title).toBe(
      `restore ${at('app')}, ${at('single')} of ${content.backup?.name}; what is replaced is kept as ${at('app')}${suffix}`,
    );
    expect(after).toEqual({ changes: [] });
    expect(text('app/config')).toBe('good');
    expect(text('single')).toBe('one');
    for (const name of odd) expect(text(`app/${name}`)).toBe(name);
    expect([statSync(at('app/config')).mode & 0o7777, seconds()]).toEqual([0o4751, time]);
    expect([statSync(at('app/sub')).uid, statSync(at('app/sub')).gid]).toEqual([47_110, 47_111]);
    expect(runSync('getfacl', ['-nc', at('app/sub')])).toContain('user:47112:rwx\n');
    expect(readlinkSync(at('app/link'))).toBe('config');
    expect(text(`app${suffix}/new`)).toBe('made since');
    // Nothing else is left.
    expect(tree().filter((name) => !name.startsWith(`app${suffix}`))).toEqual(before);
  });

  test('restores a part of the backup, with any characters in its name', async () => {
    const name = `it's "$(id)" \\ here`;
    mkdirSync(at(`app/${name}`));
    writeFileSync(at(`app/${name}/in it`), 'good');
    const content = await backedUp([at('app')]);
    writeFileSync(at(`app/${name}/in it`), 'wrecked');
    writeFileSync(at('app/config'), 'edited since');
    const { code, stderr } = restored(content, [at(`app/${name}/in it`), at(`app/${name}`), at('app/./sub/')]);
    expect([code, stderr]).toEqual([0, '']);
    expect([text(`app/${name}/in it`), text(`app/${name}${suffix}/in it`), text('app/config')]).toEqual([
      'good',
      'wrecked',
      'edited since',
    ]);
  });

  test('files that the backup left out are only in the kept old directory', async () => {
    writeFileSync(at('app/sub/x.log'), 'lines');
    const content = await backedUp([at('app')], ['*.log']);
    expect(restored(content).code).toBe(0);
    expect([existsSync(at('app/sub/x.log')), text(`app${suffix}/sub/x.log`)]).toEqual([false, 'lines']);
  });

  test('a path that is not in the backup, or has no directory, is an error of the plan', async () => {
    const content = await backedUp([at('app'), at('single')]);
    const failed = (only: readonly string[]) =>
      decide(dash, restore, { src: 'kept', only: [...only] }, inputOf({ locals: { backup: content } })).decision;
    expect(failed([at('app/none')])).toMatchObject({
      changes: [],
      failed: `${at('app/none')} is not in the backup ${content.backup?.name}`,
      hint: `it contains ${at('app')}, ${at('single')}`,
    });
    expect(failed(['/'])).toMatchObject({ failed: `/ is not in the backup ${content.backup?.name}` });
    rmSync(at('app'), { recursive: true });
    expect(failed([at('app/config')])).toMatchObject({ failed: `there is no directory ${at('app')}` });
  });

  test('if a rename fails, the earlier renames are undone', async () => {
    const content = await backedUp([at('app'), at('single')]);
    writeFileSync(at('app/config'), 'now');
    const before = tree();
    const functions = sh`mv() { case $2 in */.heal-*/*single) return 1 ;; esac; command mv "$@"; }`;
    expect(restored(content, [], { ...dash, functions }).code).toBe(1);
    expect([tree(), text('app/config'), text('single')]).toEqual([before, 'now', 'one']);
  });

  test.each([
    ['after it was placed', sh`mv() { command mv "$@"; case $2 in */.heal-*/*single) kill -TERM $$ ;; esac; }`],
    ['before it is placed', sh`mv() { case $2 in */.heal-*/*single) kill -TERM $$ ;; esac; command mv "$@"; }`],
    ['when it was renamed', sh`mv() { command mv "$@"; case $2 in */app) kill -TERM $$ ;; esac; }`],
  ])('if the restore is ended %s, everything is unchanged', async (_when, functions) => {
    const content = await backedUp([at('app'), at('single')]);
    writeFileSync(at('app/config'), 'now');
    for (const gone of [false, true]) {
      if (gone) rmSync(at('single'));
      const before = tree();
      expect(restored(content, [], { ...dash, functions }).code).toBe(143);
      expect([tree(), text('app/config')]).toEqual([before, 'now']);
    }
  });

  test('nothing is replaced if a path cannot be extracted', async () => {
    const content = await backedUp([at('app'), at('single')]);
    writeFileSync(at('app/config'), 'now');
    const before = tree();
    const functions = sh`tar() { case $* in *single) return 2 ;; esac; command tar "$@"; }`;
    const { code, stderr } = restored(content, [], { ...dash, functions });
    expect([code, stderr]).toEqual([1, `${at('single')} could not be extracted, and nothing was replaced\n`]);
    expect([tree(), text('app/config')]).toEqual([before, 'now']);
  });

  test.each([
    ['the directory', (): void => chownSync(at('app'), 47_110, 0), 'another account can write'],
    ['a directory above it', (): void => chmodSync(directory, 0o777), 'another account can rename a directory above'],
  ])('nothing is replaced if another account can write %s', async (_what, open, words) => {
    const content = await backedUp([at('app/config')]);
    writeFileSync(at('app/config'), 'now');
    open();
    const { code, stderr } = restored(content);
    expect([code, text('app/config'), readdirSync(at('app')).sort()]).toEqual([1, 'now', ['config', 'sub']]);
    expect(stderr).toContain(words);
  });

  test('a file with the name that the replaced one would get is an error', async () => {
    const content = await backedUp([at('app')]);
    expect(restored(content).code).toBe(0);
    const { code, stderr } = restored(content);
    expect([code, stderr]).toEqual([1, `${at('app')}${suffix} already exists\n`]);
  });

  test('without GNU tar on the host, the error names the package to install, and nothing is replaced', async () => {
    const content = await backedUp([at('app')]);
    const before = tree();
    const { code, stderr } = restored(content, [], busybox);
    expect(code).toBe(1);
    expect(stderr).toContain('install the package tar');
    expect(tree()).toEqual(before);
  });

  /** A backup whose manifest says what the archive holds. */
  const hostile = async (members: readonly object[]): Promise<unknown> => {
    const kept = at('kept/here/2026-11-28T09-15-00Z');
    mkdirSync(kept, { recursive: true });
    runSync('tar', ['-C', directory, '-czf', join(kept, 'archive.tar.gz'), 'single']);
    const [sha256 = ''] = runSync('sha256sum', [join(kept, 'archive.tar.gz')]).split(' ');
    const archived = { size: statSync(join(kept, 'archive.tar.gz')).size, sha256 };
    const manifest = { version: 1, host: 'here', created: '', archive: archived, about: { paths: ['/x'] }, members };
    writeFileSync(join(kept, 'manifest.json'), JSON.stringify(manifest));
    return backupContent(at('kept/here'));
  };

  test.each([
    ['the name ../x leads elsewhere', [{ path: '../x', type: 'directory' }]],
    ['the name /x leads elsewhere', [{ path: '/x', type: 'directory' }]],
    ['the name x leads elsewhere', [{ path: 'x', type: 'hard link', target: '../etc/shadow' }]],
    [
      'x/y is below a link',
      [
        { path: 'x', type: 'link', target: '/etc' },
        { path: 'x/y', type: 'directory' },
      ],
    ],
    ['x is neither file, directory nor link', [{ path: 'x', type: 'other' }]],
  ])('a malicious archive is rejected before anything is sent: %s', async (why, members) => {
    await expect(hostile(members)).rejects.toThrow(`is not restored on a host: ${why}`);
  });
});
