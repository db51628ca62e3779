import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptSync } from '../child.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';

describe.skipIf(noSshd !== undefined)('commands that a user runs by hand on a host', () => {
  let sshd: Sshd;
  let bare: Sshd;
  let cwd = '';
  const run = (...args: string[]) => runHeal(healEntry, args, { cwd });

  beforeAll(async () => {
    [sshd, bare] = await Promise.all([startSshd(['Subsystem sftp internal-sftp']), startSshd()]);
    cwd = directoryWith({
      'inventory/hosts.yml': JSON.stringify({
        all: {
          hosts: {
            jack4: sshd.variables,
            bare: bare.variables,
            inner: {},
            unknown: { ...sshd.variables, known_hosts_file: '/dev/null' },
          },
        },
      }),
      'local/run.sh': '#!/bin/sh\n',
      'local/deep/er/file': 'deep\n',
      'local/empty': '',
    });
    mkdirSync(join(cwd, 'remote'));
  });
  afterAll(() => {
    for (const one of [sshd, bare]) one?.stop();
  });

  test.each([
    [
      'one command, its words joined, with options of its own',
      ['ssh', 'jack4', 'printf', '%s-%s', 'a', 'b'],
      0,
      'a-b',
      '',
    ],
    [
      'options of heal before the host, and a command after --',
      ['ssh', '--project', '.', 'jack4', '--', 'echo', '-n', 'x'],
      0,
      'x',
      '',
    ],
    ['its errors, and its exit code', ['ssh', 'jack4', 'echo no >&2; exit 7'], 7, '', 'no\n'],
    ['the number of the signal that ended it', ['ssh', 'jack4', 'kill -9 $$'], 137, '', ''],
    [
      '255 where the connection ends first',
      ['ssh', 'jack4', 'kill -9 $PPID; cat'],
      255,
      '',
      'error: the connection to jack4 was lost\n',
    ],
    ['a terminal for a command', ['ssh', '-t', 'jack4', 'tty | cut -c1-9'], 0, '/dev/pts/\r\n', ''],
  ])('heal ssh: %s', async (_what, args, code, stdout, stderr) => {
    expect(await run(...args)).toEqual({ code, stdout, stderr });
  });

  test('reaches a host behind a jump host with only its name in ~/.ssh/config', async () => {
    const block = (name: string, one: Sshd, ...more: string[]): string =>
      [
        `Host ${name}`,
        ...more,
        'HostName 127.0.0.1',
        `Port ${one.port}`,
        `User ${one.login().user}`,
        `IdentityFile ${one.key}`,
      ].join('\n  ');
    mkdirSync(join(cwd, '.ssh'));
    writeFileSync(join(cwd, '.ssh/config'), `${block('jump', bare)}\n${block('inner', sshd, 'ProxyJump jump')}\n`);
    writeFileSync(
      join(cwd, '.ssh/known_hosts'),
      [sshd, bare].map((one) => readFileSync(one.knownHosts, 'utf8')).join(''),
    );
    const before = bare.connections();
    // A command that ends at once: all that the host says of it may arrive as one.
    for (const code of [0, 7]) {
      const command = `echo there; exit ${code}`;
      expect(await run('ssh', 'inner', command)).toEqual({ code, stdout: 'there\n', stderr: '' });
    }
    expect(await run('ssh', 'inner', 'kill -9 $$')).toMatchObject({ code: 137 });
    expect(await run('cp', 'local/run.sh', `inner:${cwd}/through`)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(cwd, 'through'), 'utf8')).toBe('#!/bin/sh\n');
    expect(bare.connections() - before).toBe(4);
  });

  test('a host with an unknown key is refused before anything is sent, and cp copies nothing', async () => {
    for (const args of [
      ['ssh', 'unknown', 'echo there'],
      ['cp', 'unknown:/etc/hostname', 'from-unknown'],
    ]) {
      const { code, stdout, stderr } = await run(...args);
      expect([code, stdout]).toEqual([4, '']);
      expect(stderr).toMatch(/the host key of 127\.0\.0\.1 port \d+ is unknown/);
    }
    expect(existsSync(join(cwd, 'from-unknown'))).toBe(false);
  });

  test('heal ssh passes its input to the command, byte for byte', () => {
    const input = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 256));
    const { PATH = '' } = process.env;
    const args = [healEntry, 'ssh', 'jack4', 'sha256sum'];
    const there = attemptSync(process.execPath, args, { cwd, env: { PATH, HOME: cwd }, input });
    expect(there.stdout).toEqual(attemptSync('sha256sum', [], { input }).stdout);
  });

  test.each([
    [
      'a host that is not in the inventory',
      ['ssh', 'jack5', 'true'],
      5,
      'there is no host "jack5" in the inventory\nhint: did you mean "jack4"?',
    ],
    [
      'a shell without a terminal',
      ['ssh', 'jack4'],
      5,
      'a shell needs a terminal\nhint: for one command: heal ssh jack4 COMMAND',
    ],
    ['no host', ['ssh'], 5, 'heal ssh requires a host\nhint: for example: heal ssh jack4'],
    ['an option that there is not', ['ssh', '--limit', 'x', 'jack4'], 5, 'heal ssh has no option --limit'],
    ['two local paths', ['cp', 'local', './x'], 5, 'heal cp requires one HOST:PATH, and "local" "./x" has none'],
    ['two hosts', ['cp', 'jack4:a', 'bare:b'], 5, 'heal cp requires one HOST:PATH, and "jack4:a" "bare:b" has two'],
    [
      'a drive of Windows is no host',
      ['cp', 'C:a', 'D:b'],
      5,
      'heal cp requires one HOST:PATH, and "C:a" "D:b" has none',
    ],
    ['no target', ['cp', 'local'], 5, 'heal cp requires a source and a target, one of them HOST:PATH'],
    ['a source that is not here', ['cp', 'none', 'jack4:/tmp/'], 5, "none can't be read: ENOENT"],
    ['a source that is not there', ['cp', 'jack4:/no/such', '.'], 2, 'jack4:/no/such: there is no such file'],
    [
      'a target that is not there',
      ['cp', 'local/run.sh', 'jack4:/no/such/x'],
      2,
      'jack4:/no/such/x: there is no directory /no/such',
    ],
    ['a host without SFTP', ['cp', 'local/run.sh', 'bare:x'], 2, 'bare offers no SFTP, which copies files'],
  ])('an error: %s', async (_what, args, code, text) => {
    const ended = await run(...args);
    expect(ended.stderr).toContain(`error: ${text}`);
    expect(ended.code).toBe(code);
  });

  test('heal cp: a file to a directory, and as a name', async () => {
    const remote = join(cwd, 'remote');
    attemptSync('chmod', ['750', join(cwd, 'local/run.sh')]);
    expect(await run('cp', 'local/run.sh', `jack4:${remote}/`)).toEqual({
      code: 0,
      stdout: `copied 1 file from local/run.sh to jack4:${remote}/\n`,
      stderr: '',
    });
    expect(statSync(join(remote, 'run.sh')).mode & 0o777).toBe(0o750);
    expect((await run('cp', 'local/deep/er/file', `jack4:${remote}/name`)).code).toBe(0);
    expect(readFileSync(join(remote, 'name'), 'utf8')).toBe('deep\n');
  });

  test('heal cp: a directory that is given as dots gets its real name on the host', async () => {
    mkdirSync(join(cwd, 'dots'));
    const given = ['cp', 'local/deep/er/..', `jack4:${join(cwd, 'dots')}`];
    expect(await run(...given)).toMatchObject({ code: 0 });
    expect(readdirSync(join(cwd, 'dots'))).toEqual(['deep']);
  });

  test('heal cp: a directory there and back, without links to directories', async () => {
    const there = join(cwd, 'there');
    expect((await run('cp', 'local', `jack4:${there}`)).stdout).toContain('copied 3 files');
    expect(readdirSync(there, { recursive: true }).sort()).toEqual([
      'deep',
      'deep/er',
      'deep/er/file',
      'empty',
      'run.sh',
    ]);
    symlinkSync('/', join(there, 'everything'));
    symlinkSync('empty', join(there, 'also'));
    mkdirSync(join(cwd, 'back'));
    expect((await run('cp', `jack4:${there}`, 'back')).stdout).toContain('copied 4 files');
    expect(readdirSync(join(cwd, 'back/there'), { recursive: true }).sort()).toEqual([
      'also', 'deep', 'deep/er', 'deep/er/file', 'empty', 'run.sh',
    ]); // biome-ignore format: a list
    expect(readFileSync(join(cwd, 'back/there/deep/er/file'), 'utf8')).toBe('deep\n');
  });

  test('heal cp keeps unusual names, and does not treat a backslash in a name as a separator', async () => {
    const there = join(cwd, 'names');
    mkdirSync(there);
    writeFileSync(join(there, 'back\\slash'), 'x');
    writeFileSync(join(there, ' space é\n'), 'y');
    expect(await run('cp', `jack4:${there}`, 'copied')).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(cwd, 'copied')).sort()).toEqual([' space é\n', 'back\\slash']);
    expect(existsSync(join(cwd, 'slash'))).toBe(false);
  });
});
