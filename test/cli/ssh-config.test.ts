import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { directoryWith, healEntry, runHeal } from './built.ts';

/** A project whose inventory has names alone; it is the home directory too. */
function projectWith(config: string): string {
  return directoryWith({
    'inventory/hosts.yml': 'all: { hosts: { jack4: , jack5: } }\n',
    'tasks/site.yml': '- hosts: all\n  tasks: [{ name: One, command: echo one, changed_when: false }]\n',
    '.ssh/config': config,
  });
}

describe('a config that is wrong', () => {
  test('ends a command that logs in with exit code 5, its line and a caret, before any connection', async () => {
    const cwd = projectWith('Host jack*\n  Port x\n');
    const text = [
      'error: Port must be a number from 1 to 65535 (got "x")',
      `  --> ${join(cwd, '.ssh/config')}:2:8`,
      '   |',
      ' 2 |   Port x',
      '   |        ^',
      'hint: see Port in ssh_config(5)',
      '',
    ].join('\n');
    for (const args of [['ping'], ['plan', 'site'], ['run', 'site']]) {
      expect(await runHeal(healEntry, args, { cwd })).toEqual({ code: 5, stdout: '', stderr: text });
    }
  });

  test('is not read by commands that log in nowhere', async () => {
    const cwd = projectWith('User "x\n');
    for (const args of [['hosts'], ['run', 'site', '--list-tasks'], ['vars', 'jack4']]) {
      expect(await runHeal(healEntry, args, { cwd })).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe.skipIf(noSshd !== undefined)(`with a real sshd${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let jump: Sshd;
  let host: Sshd;
  beforeAll(async () => {
    [jump, host] = await Promise.all([startSshd(), startSshd()]);
  });
  afterAll(() => {
    for (const sshd of [jump, host]) sshd?.stop();
  });

  test('hosts behind a jump host are reached with their names, and heal ends', async () => {
    const block = (name: string, sshd: Sshd): string =>
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${sshd.login().user}\n  IdentityFile ${sshd.key}\n` +
      `  UserKnownHostsFile ${sshd.knownHosts}\n`;
    const cwd = projectWith(`${block('bastion', jump)}${block('jack*', host)}  ProxyJump bastion\n`);
    const pinged = await runHeal(healEntry, ['ping'], { cwd });
    expect(pinged).toMatchObject({ code: 0, stderr: '' });
    expect(pinged.stdout).toMatch(/^jack4 \| pong \| .*@127\.0\.0\.1, /m);
    expect(pinged.stdout).toMatch(/\n2 of 2 hosts answered in /);
    const ran = await runHeal(healEntry, ['run', 'site'], { cwd });
    expect(ran.stdout).toContain('jack5');
    expect(ran.code).toBe(0);
    expect(jump.log().match(/^Accepted publickey/gm)).toHaveLength(2);
    const wrong = await runHeal(healEntry, ['ping', 'jack4', '-u', 'nobody'], { cwd });
    expect(wrong.stdout).toMatch(/^jack4 \| unreachable \| 127\.0\.0\.1 port \d+ does not let nobody in: tried /);
    expect(wrong.code).toBe(4);
  });
});
