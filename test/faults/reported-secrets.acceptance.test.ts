import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directoryWith, healEntry, runHeal } from '../cli/built.ts';
import { runInTerminal } from '../cli/pty.ts';
import { other } from '../modules/other-account.ts';
import { nonceOfProgram, readableNonces } from '../run/nonces.ts';
import { type Server, startServer } from '../server.ts';
import { playOf } from './project.ts';
import { reported, skipReason, withFiles } from './reported.ts';

const secretOf = (text: string) => ({
  files: { 'inventory/group_vars/all.yml': 'token: !secret-env TOKEN\n' },
  env: { TOKEN: text },
});

describe.skipIf(skipReason !== undefined)('secrets', () => {
  const fixture = reported();
  const at = (name: string): string => join(fixture.sshd.directory, name);

  test('a task with no_log shows neither its arguments nor its items, in any form of output', async () => {
    const tasks = [
      { shell: 'echo --password hunter2; sleep 0.5', no_log: true },
      { shell: 'echo {{ item }}', loop: ['hunter2'], no_log: true },
      { name: 'After it', copy: { dest: at('after'), content: 'x' } },
    ];
    const shown: string[] = [];
    for (const more of [
      ['-vvv', '--diff'],
      ['-C', '-vvv'],
      ['-o', 'json'],
      ['-C', '-o', 'json'],
    ]) {
      const { code, stdout, stderr } = await fixture.run(tasks, { args: ['run', 'site', ...more] });
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain('After it');
      if (`${stdout}${stderr}`.includes('hunter2')) shown.push(more.join(' '));
    }
    const { raw } = await runInTerminal(healEntry, ['run', 'site'], { cwd: fixture.project(tasks), dialogue: [] });
    expect(raw).toContain('PLAY RECAP');
    if (raw.includes('hunter2')) shown.push('on a terminal');
    expect(shown).toEqual([]);
  });

  test('what a helper makes of a secret is hidden like the secret', async () => {
    const tasks = [
      { shell: ': {{ base64 auth }}', vars: { auth: 'user:{{ token }}' } },
      { shell: ': {{ upper token }}' },
    ];
    const { code, stdout, stderr } = await fixture.run(tasks, {
      ...secretOf('s3cret-token'),
      args: ['run', 'site', '-vvv', '--diff'],
    });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain('***');
    expect(stdout).not.toContain(Buffer.from('user:s3cret-token').toString('base64'));
    expect(stdout).not.toContain('S3CRET-TOKEN');
  });

  test('a diff does not show the secret that is replaced', async () => {
    writeFileSync(at('env'), 'token=OLDsecret-1111\n');
    const { code, stdout } = await fixture.run([{ copy: { dest: at('env'), content: 'token={{ token }}\n' } }], {
      ...secretOf('NEWsecret-2222'),
      args: ['run', 'site', '--diff'],
    });
    expect(code, stdout).toBe(0);
    expect(readFileSync(at('env'), 'utf8')).toBe('token=NEWsecret-2222\n');
    expect(stdout).not.toContain('OLDsecret-1111');
  });

  test('a report in JSON can be parsed, whatever the text of a secret is', async () => {
    const { code, stdout } = await fixture.run([{ shell: ': {{ token }}' }], {
      ...secretOf('false'),
      args: ['run', 'site', '-o', 'json'],
    });
    expect(code, stdout).toBe(0);
    expect(() => JSON.parse(stdout), stdout.slice(0, 200)).not.toThrow();
    expect(JSON.parse(stdout)).toMatchObject({ check: false });
  });

  test('the account of one task does not know the nonce of what root runs', async () => {
    const { code, stdout } = await fixture.run(
      [
        { name: 'Readable', shell: { cmd: readableNonces, readonly: true }, become: true, become_user: 'nobody' },
        { name: 'Own', shell: { cmd: nonceOfProgram, readonly: true } },
      ],
      { args: ['run', 'site', '-o', 'json'] },
    );
    expect(code, stdout).toBe(0);
    const { tasks }: { tasks: { stdout: string; result: { stdout: string } }[] } = JSON.parse(stdout);
    const [others = '', root = ''] = tasks.map(({ result }) => result.stdout);
    expect(root).toMatch(/^[0-9a-f]{32}$/);
    expect(others).toMatch(/^[0-9a-f]{32}$/m);
    expect(others).not.toContain(root);
  });

  test('the report of a crash is not written through links that another account made', async () => {
    const temporary = directoryWith({});
    chmodSync(temporary, 0o1777);
    // The names that a report may have in the next two minutes.
    mkdirSync(join(temporary, 'heal'));
    chownSync(join(temporary, 'heal'), other, other);
    const victim = join(temporary, 'of-root');
    for (let second = 0; second < 120; second += 1) {
      const time = new Date(Date.now() + second * 1000).toISOString().replaceAll(':', '-').slice(0, 19);
      symlinkSync(victim, join(temporary, `heal/crash-${time}Z.txt`));
    }
    writeFileSync(victim, 'for root alone');
    // The crash is that of a program that node loads into heal.
    const cwd = directoryWith({
      '.heal': 'in the way',
      'crash.mjs': "setTimeout(() => { throw new TypeError('a bug'); }, 200);",
      'inventory/hosts.yml': 'all: { hosts: { a: { address: 192.0.2.1, connect_timeout: 60 } } }\n',
      'tasks/site.yml': playOf([{ command: 'true' }]),
    });
    const env = { NODE_OPTIONS: `--import=${join(cwd, 'crash.mjs')}`, TMPDIR: temporary };
    const { code, stdout, stderr } = await runHeal(healEntry, ['run', 'site', '-e', 'pw=hunter2'], { cwd, env });
    expect(code, stdout + stderr).toBe(250);
    expect(readFileSync(victim, 'utf8')).toBe('for root alone');
    const report = readFileSync(/\S+crash-\S+\.txt/.exec(stderr)?.[0] ?? stderr, 'utf8');
    expect(report).toContain('heal run site -e pw=***\n');
    expect(report).not.toContain('hunter2');
  });
});

describe.skipIf(skipReason !== undefined)('secrets of downloads', () => {
  let server: Server;
  const fixture = reported();
  const at = (name: string): string => join(fixture.sshd.directory, name);
  beforeAll(async () => {
    server = await startServer(`require('http').createServer((q, a) =>
      q.url === '/key' ? a.end(q.headers['private-token'] ?? 'none')
        : a.writeHead(302, { location: 'http://localhost:' + q.socket.localPort + '/key' }).end())`);
  });
  afterAll(() => server?.stop());

  test('get_url sends its headers to no other host that the server redirects to', async () => {
    const url = `http://127.0.0.1:${server.port}`;
    const get = (path: string) => ({
      get_url: { url: `${url}/${path}`, dest: at(path), headers: { 'Private-Token': 'k1' } },
    });
    const { code, stdout } = await fixture.run([get('key'), get('moved')]);
    expect(code, stdout).toBe(0);
    expect([readFileSync(at('key'), 'utf8'), readFileSync(at('moved'), 'utf8')]).toEqual(['k1', 'none']);
  });
});

describe.skipIf(skipReason !== undefined)('secrets of downloads by busybox', () => {
  let calls = '';
  const fixture = reported(() => {
    calls = join(directoryWith({}), 'calls');
    return withFiles({
      // heal uses wget if there is no curl.
      '/usr/bin/curl': { file: '/dev/null' },
      '/usr/bin/wget': `#!/bin/sh\necho "$*" >>'${calls}'\nexec busybox wget "$@"\n`,
    });
  });

  test('get_url passes no password as an argument, which every account can read', async () => {
    const { stdout } = await fixture.run([
      { get_url: { url: 'http://me:hunter2@127.0.0.1:9/f', dest: join(fixture.sshd.directory, 'f') } },
    ]);
    expect(stdout).toContain('failed=1');
    expect(readFileSync(calls, 'utf8')).not.toContain('hunter2');
  });
});
