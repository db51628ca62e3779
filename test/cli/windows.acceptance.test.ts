import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ended, Started } from '../child.ts';
import { recapOf, writeFiles } from '../faults/project.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { startAgent } from '../ssh/agent.ts';
import { until } from '../until.ts';
import { directoryWith, healEntry } from './built.ts';
import { type Windows, windows, windowsPath } from './windows.ts';

const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

describeLab('heal on Windows', { hosts: ['jack4'], state: 'site' }, (lab) => {
  let windowsHost: Windows;
  let project = '';
  const ssh = (): string => join(windowsHost.home, '.ssh');
  const heal = (...args: string[]): Promise<Ended> => windowsHost.heal(healEntry, project, args);
  const host = () => lab().host('jack4');

  beforeAll(async () => {
    windowsHost = await windows();
    // A space and a letter beyond ASCII in the path, and files as Git checks them out on Windows.
    project = join(directoryWith({}), 'Mein Büro');
    writeFiles(project, {
      'inventory/hosts.yml': crlf(`vps:\n  hosts:\n    jack4: { address: ${host().address}, user: root }\n`),
      'tasks/small.yml': crlf(
        '- name: A small play\n  hosts: vps\n  tasks:\n' +
          '    - name: The program is installed\n      template: { src: hello.hbs, dest: /usr/local/bin/hello, mode: "0755" }\n' +
          '    - name: The program works\n      command: { cmd: hello, readonly: true }\n      register: said\n' +
          '    - name: The notes exist\n      copy: { content: "one\\ntwo\\n", dest: /root/notes }\n',
      ),
      'templates/hello.hbs': crlf('#!/bin/sh\necho "hello from {{ inventory_hostname }}"\n'),
    });
    mkdirSync(ssh(), { recursive: true });
    copyFileSync(host().identityFile, join(ssh(), 'id_ed25519'));
    copyFileSync(host().knownHostsFile, join(ssh(), 'known_hosts'));
  });
  afterAll(async () => {
    await windowsHost?.remove();
  });

  test('the key and the known hosts are those of %USERPROFILE%\\.ssh, and no agent is needed', async () => {
    const { code, stdout, stderr } = await heal('ping');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^jack4 \| pong \| root@[\d.]+, Debian GNU\/Linux 13 \(trixie\), in /);
  });

  test('what was checked out with CRLF reaches the host with LF', async () => {
    const { code, stdout } = await heal('run', 'small', '-l', 'jack4');
    expect(code, stdout).toBe(0);
    expect(await host().exec('hello; ! grep -c "$(printf "\\r")" /usr/local/bin/hello /root/notes')).toBe(
      'hello from jack4\n/usr/local/bin/hello:0\n/root/notes:0\n',
    );
    expect(recapOf((await heal('run', 'small')).stdout, 'jack4')).toMatchObject({ changed: 0, failed: 0 });
  });

  describe('the site', () => {
    test('is planned, applied, and then left alone', async () => {
      const plan = await heal('plan', 'site');
      expect(plan.code, plan.stdout + plan.stderr).toBe(0);
      expect(plan.stdout).toMatch(/^plan: jack4: \d+ to change/m);
      const first = await heal('run', 'site', '--limit', 'jack4');
      expect(first.code, first.stdout + first.stderr).toBe(0);
      expect(recapOf(first.stdout, 'jack4')['changed']).toBeGreaterThan(20);
      const second = await heal('run', 'site', '-l', 'jack4');
      expect(recapOf(second.stdout, 'jack4')).toMatchObject({ changed: 0, failed: 0, unreachable: 0 });
    });

    test('has a score card, as text and as JSON', async () => {
      expect((await heal('status')).stdout).toMatch(/^jack4 {2}[89]\/10$/m);
      const { code, stdout } = await heal('status', '-o', 'json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ hosts: { jack4: {} } });
    });
  });

  test('a backup is made, listed, verified and restored to a drive', async () => {
    const made = await heal('run', 'backup', '--limit', 'jack4');
    expect(made.code, made.stdout + made.stderr).toBe(0);
    const [name = ''] = readdirSync(join(project, 'backups/jack4')).filter((one) => !one.startsWith('.'));
    expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
    expect((await heal('backup', 'list')).stdout).toContain(`jack4  ${name}`);
    expect((await heal('backup', 'verify')).stdout).toMatch(/ ok\n$/);
    const restored = await heal('backup', 'restore', 'jack4', '--to', 'C:\\restored here');
    expect(restored.code, restored.stderr).toBe(0);
    const drive = join(windowsHost.home, '../../restored here');
    expect(readFileSync(join(drive, 'root/.openclaw/openclaw.json'), 'utf8')).toBe(
      await host().exec('cat /root/.openclaw/openclaw.json'),
    );
  });

  test('a restore on the host shows what it would replace, and replaces it', async () => {
    await host().exec('rm /root/.openclaw/openclaw.json');
    const check = await heal('backup', 'restore', 'jack4', '--to', 'host', '--check');
    expect(check.code, check.stdout + check.stderr).toBe(0);
    expect(check.stdout).toContain('/root/.openclaw');
    const done = await heal('backup', 'restore', 'jack4', '--to', 'host');
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(await host().exec('test -s /root/.openclaw/openclaw.json && echo there')).toBe('there\n');
  });

  test('a command is run by hand, and files are copied both ways', async () => {
    const said = await heal('ssh', 'jack4', 'echo', 'hello from', '"$(id -un)"; exit 3');
    expect(said).toMatchObject({ code: 3, stdout: 'hello from root\n' });
    const text = 'one\r\ntwo\n';
    writeFiles(project, { 'by hand.txt': text });
    const there = await heal('cp', windowsPath(join(project, 'by hand.txt')), 'jack4:/root/by-hand.txt');
    expect(there.code, there.stderr).toBe(0);
    expect(await host().exec('cat /root/by-hand.txt')).toBe(text);
    const back = await heal('cp', 'jack4:/root/by-hand.txt', '.\\back.txt');
    expect(back.code, back.stderr).toBe(0);
    expect(readFileSync(join(project, 'back.txt'), 'utf8')).toBe(text);
  });

  test('errors have their exit codes, and name the files as Windows does', async () => {
    const wrong = await heal('run', 'site', '--limt', 'jack4');
    expect(wrong).toMatchObject({ code: 5, stdout: '' });
    expect(wrong.stderr).toContain('--limit');
    const failing = await heal('run', 'small', '-e', '@missing.yml');
    expect(failing.code).toBe(5);
    expect(failing.stderr).toMatch(/missing\.yml/);
  });

  test('the agent is behind a named pipe, and the host behind a ProxyCommand with quotes', async () => {
    const agent = startAgent(project, [host().identityFile]);
    // From Windows' named pipe over TCP to the socket of the agent.
    const bridge = createServer((near) => void near.pipe(connect(agent.socket)).pipe(near));
    const file = (name: string): string => join(project, name);
    let pipe: Started | undefined;
    try {
      await new Promise<void>((resolve) => bridge.listen(0, '127.0.0.1', resolve));
      const { port } = bridge.address() as AddressInfo;
      writeFiles(project, {
        'pipe.cjs':
          "const { connect, createServer } = require('node:net');\n" +
          `const server = createServer((near) => near.pipe(connect(${port}, '127.0.0.1')).pipe(near));\n` +
          `server.listen('\\\\\\\\.\\\\pipe\\\\pageant.coach.f00d', () => require('node:fs').writeFileSync('ready', ''));\n`,
        'relay.cjs':
          "const socket = require('node:net').connect(Number(process.argv[3]), process.argv[2]);\n" +
          "require('node:fs').writeFileSync('relayed', process.argv.slice(2).join(' '));\n" +
          'process.stdin.pipe(socket).pipe(process.stdout);\n',
      });
      pipe = windowsHost.start(file('pipe.cjs'), project);
      await until('the pipe is listened on', () => existsSync(file('ready')));
      rmSync(join(ssh(), 'id_ed25519'));
      const command = `"${windowsHost.node}" "${windowsPath(file('relay.cjs'))}" %h %p`;
      const config = `Host *\n  IdentityAgent \\\\.\\pipe\\pageant.coach.f00d\n  ProxyCommand ${command}\n`;
      writeFileSync(join(ssh(), 'config'), crlf(config));
      const { code, stdout, stderr } = await heal('ping');
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      expect(readFileSync(file('relayed'), 'utf8')).toBe(`${host().address} 22`);
    } finally {
      copyFileSync(host().identityFile, join(ssh(), 'id_ed25519'));
      rmSync(join(ssh(), 'config'), { force: true });
      await pipe?.stop();
      bridge.close();
      agent.stop();
    }
  });

  test('a host whose key has changed is refused', async () => {
    const file = join(ssh(), 'known_hosts');
    const before = readFileSync(file, 'utf8');
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
    writeFileSync(file, `${host().address} ${other}\r\n`);
    const { code, stdout, stderr } = await heal('ping');
    writeFileSync(file, before);
    expect(code, stdout + stderr).toBe(4);
    expect(stdout + stderr).toContain('has changed');
    expect(existsSync(file)).toBe(true);
  });
});
