import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backupProject } from './backup-project.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';

const { project, backups, run, keep } = backupProject();

describe('heal backup', () => {
  const now = Date.now();
  const hour = 60 * 60 * 1000;
  let old = '';
  let newest = '';

  test('reports that there is no backup, and how to create one', async () => {
    expect(await run('list')).toEqual({ code: 0, stdout: `no backups in ${backups}\n`, stderr: '' });
    expect(await run('list', 'jack4')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: there is no backup of jack4 in ${backups}\nhint: heal run backup --limit jack4 creates one\n`,
    });
    expect((await run('lst')).stderr).toBe('error: heal backup has no action "lst"\nhint: did you mean "list"?\n');
    expect(await run('create', 'jack4')).toEqual({
      code: 5,
      stdout: '',
      stderr:
        'error: heal backup has no action "create"\nhint: actions are list, verify, restore, prune; heal backup HOST creates a backup\n',
    });
    expect((await run('jack9')).stderr).toContain('there is no host or group "jack9"');
  });

  test('lists the backups of each host, the oldest first, with size and age', async () => {
    old = await keep('jack4', new Date(now - 50 * hour));
    newest = await keep('jack4', new Date(now - 3 * hour), ['tar: x: file changed as we read it', 'another']);
    const other = await keep('jack5', new Date(now - 60_000));
    const { code, stdout } = await run('list');
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/\d+ bytes|\d+\.\d kB/, 'SIZE').replace(/ +/g, ' '));
    expect(lines).toEqual([
      `jack4 ${old} 2 files SIZE 2 days ago`,
      `jack4 ${newest} 2 files SIZE 3 hours ago 2 warnings`,
      `jack5 ${other} 2 files SIZE 1 minute ago`,
    ]);
    const { backups: found } = JSON.parse((await run('list', 'jack4', '-o', 'json')).stdout);
    expect(found).toMatchObject([
      { host: 'jack4', name: old, files: 2, path: join(backups, 'jack4', old) },
      { host: 'jack4', name: newest, files: 2, warnings: ['tar: x: file changed as we read it', 'another'] },
    ]);
  });

  test('verifies the newest of each host, or with --all each', async () => {
    const { code, stdout } = await run('verify');
    expect({ code, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 2 });
    expect(stdout).toMatch(new RegExp(`^jack4  ${newest} .* ok, 2 warnings$`, 'm'));
    expect((await run('verify', 'jack4', '--all')).stdout.trimEnd().split('\n').length).toBe(2);
  });

  test.each([
    ['a changed byte', (bytes: Buffer) => bytes.with(200, (bytes[200] ?? 0) ^ 1)],
    ['a missing end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['nothing in it', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('hello')],
  ])('finds %s, and ends with 2', async (_what, spoil) => {
    const path = join(backups, 'jack4', newest, 'archive.tar.gz');
    const good = readFileSync(path);
    writeFileSync(path, spoil(good));
    const { code, stdout } = await run('verify', 'jack4');
    writeFileSync(path, good);
    expect(code).toBe(2);
    expect(stdout).toContain(`${path} is damaged: `);
    expect((await run('verify', 'jack4')).code).toBe(0);
  });

  describe('restore', () => {
    const to = (name: string): string => join(project, name);

    test('unpacks the newest backup of a host, or the backup of a given time, or a part of it', async () => {
      const { code, stdout, stderr } = await run('restore', 'jack4', '--to', 'restored');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toBe(`restored jack4 of ${newest} to ${to('restored')}: 2 files, 300.0 kB\n`);
      expect(readFileSync(to('restored/a'), 'utf8')).toBe('of jack4');
      expect(statSync(to('restored/b')).size).toBe(300_000);
      const part = await run(
        'restore',
        'jack4',
        '--at',
        old.slice(0, 10),
        '--only',
        '/a',
        '--to',
        'part',
        '-o',
        'json',
      );
      expect(JSON.parse(part.stdout)).toMatchObject({ name: old, files: 1, left: [] });
      expect(readdirSync(to('part'))).toEqual(['a']);
    });

    test.each([
      [
        'a directory that is not empty',
        ['jack4', '--to', 'restored'],
        2,
        /restored is not empty, and a restore replaces nothing/,
      ],
      [
        'a time before the first',
        ['jack4', '--at', '2001', '--to', 'x'],
        2,
        /no backup of jack4 in .* from 2001 or before/,
      ],
      ['a path that is not in it', ['jack4', '--only', '/b/c', '--to', 'x'], 2, /\/b\/c is not in the backup/],
      ['no directory', ['jack4'], 5, /heal backup restore requires --to/],
      ['no host', ['--to', 'x'], 5, /heal backup restore requires a host/],
    ])('%s is an error', async (_what, args, code, message) => {
      const done = await run('restore', ...args);
      expect(done.code).toBe(code);
      expect(done.stderr).toMatch(message);
    });
  });

  describe('prune', () => {
    const names = (): string[] =>
      readdirSync(join(backups, 'jack6'))
        .filter((name) => !name.startsWith('.'))
        .sort();
    const path = (name: string): string => join(backups, 'jack6', name, 'archive.tar.gz');

    test('removes what the retention does not keep, and with --check only reports it', async () => {
      const made: string[] = [];
      for (const age of [90, 60, 40, 2, 1]) made.push(await keep('jack6', new Date(now - age * 24 * hour)));
      const check = await run('prune', 'jack6', '--keep', 'last=1,daily=2', '--check');
      const doomed = made.slice(0, 3);
      expect(check).toMatchObject({ code: 0, stdout: doomed.map((name) => `would remove jack6 ${name}\n`).join('') });
      expect(names()).toEqual(made);
      const json = JSON.parse((await run('prune', 'jack6', '--keep', 'last=1,daily=2', '-C', '-o', 'json')).stdout);
      expect(json).toMatchObject({
        check: true,
        removed: doomed.map((name) => ({ host: 'jack6', name })),
        problems: [],
      });
      const done = await run('prune', 'jack6', '--keep', 'last=1,daily=2');
      expect(done).toMatchObject({ code: 0, stdout: doomed.map((name) => `removed jack6 ${name}\n`).join('') });
      expect(names()).toEqual(made.slice(3));
      expect(await run('prune', 'jack6')).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    test('removes nothing of a host whose newest backup is damaged', async () => {
      const [, newer = ''] = names();
      const good = readFileSync(path(newer));
      writeFileSync(path(newer), good.subarray(0, 100));
      const { code, stdout, stderr } = await run('prune', 'jack6', '--keep', 'last=1');
      writeFileSync(path(newer), good);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`warning: nothing of jack6 was removed: ${path(newer)} is damaged`);
      expect(names().length).toBe(2);
    });

    test('names a part of --keep that it does not know', async () => {
      expect(await run('prune', '--keep', 'daily=7,yearly=1')).toEqual({
        code: 5,
        stdout: '',
        stderr:
          'error: --keep has "yearly=1", which is not a number of backups\nhint: for example: --keep last=3,daily=7,weekly=4,monthly=12\n',
      });
    });
  });

  test('--max-age fails if the newest good backup of a host is older, and names the host', async () => {
    expect(await run('verify', 'jack4', '--max-age', '4h')).toMatchObject({ code: 0, stderr: '' });
    const words = (host: string, age: string): string =>
      `warning: no backup of ${host} that was read back is good and at most ${age} old\nhint: heal run backup --limit ${host} creates one\n`;
    expect(await run('verify', 'jack4', '--max-age', '2h')).toMatchObject({ code: 2, stderr: words('jack4', '2h') });
    const path = join(backups, 'jack4', newest, 'archive.tar.gz');
    const good = readFileSync(path);
    writeFileSync(path, good.subarray(10));
    const damaged = await run('verify', 'jack4', '--all', '--max-age', '1d');
    writeFileSync(path, good);
    expect(damaged).toMatchObject({ code: 2, stderr: words('jack4', '1d') });
    expect(await run('verify', 'jack4', '--all', '--max-age', '3d')).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await run('verify', '--max-age', '2h', '-o', 'json');
    expect(JSON.parse(stdout).tooOld).toEqual(['jack4', 'jack6']);
    expect(await run('verify', '--max-age', 'soon')).toEqual({
      code: 5,
      stdout: '',
      stderr: 'error: --max-age requires hours or days, not "soon"\nhint: for example: --max-age 26h, --max-age 2d\n',
    });
  });

  test('heal status warns of a host whose newest backup is older than its backup_max_age', async () => {
    const hosts = (maxAge: string): string => {
      const host = (age: string): string => `{ address: 127.0.0.1, port: 9, backup_max_age: ${age} }`;
      const other = '{ address: 127.0.0.1, port: 9 }';
      const inventory = `vps: { hosts: { jack4: ${host(maxAge)}, jack8: ${host('1d')}, jack6: ${other} } }\n`;
      return directoryWith({ 'hosts.yml': inventory });
    };
    const status = (maxAge: string, ...more: string[]) =>
      runHeal(healEntry, ['status', '-i', hosts(maxAge), ...more], { cwd: project });
    const { stdout } = await status('2h');
    expect(stdout).toContain(
      'warning: jack4: the newest backup was created 3 hours ago, and backup_max_age is 2h\nhint: heal run backup --limit jack4 creates one\n',
    );
    expect(stdout).toContain(`warning: jack8: there is no backup in ${join(backups, 'jack8')}\n`);
    expect(stdout.match(/warning:/g)).toHaveLength(2);
    const elsewhere = await status('26h, backup_dest: "elsewhere/{{ inventory_hostname }}"');
    expect(elsewhere.stdout).toContain(`warning: jack4: there is no backup in ${join(project, 'elsewhere/jack4')}\n`);
    expect((await status('"{{ facts.hostname }}"')).stderr).toMatch(/^error: "facts" is not defined\n/);
    const { warnings } = JSON.parse((await status('26h', '-o', 'json')).stdout);
    expect(warnings.map(({ host }: { host: string }) => host)).toEqual(['jack8']);
    expect(await status('soon')).toEqual({
      code: 5,
      stdout: '',
      stderr:
        'error: backup_max_age of jack4 requires hours or days, not "soon"\nhint: for example: backup_max_age: 26h, backup_max_age: 2d\n',
    });
  });

  test('names a manifest that is missing, and lists the others', async () => {
    rmSync(join(backups, 'jack4', old, 'manifest.json'));
    const { code, stdout } = await run('list', 'jack4');
    expect(code).toBe(2);
    expect(stdout).toMatch(/manifest\.json can't be read: ENOENT/);
    expect(stdout).toContain('3 hours ago');
    expect(readdirSync(join(backups, 'jack4')).length).toBe(3);
  });
});
