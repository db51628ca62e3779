import { mkdirSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Login } from '../../src/core/connection.ts';
import { loginOfHome, madeHomes } from './config-home.ts';
import { testLogin } from './sshd.ts';

const homeWith = madeHomes();

const completed = (home: string, changes: Partial<Login> = {}): Promise<Login> => loginOfHome(home, 'jack4', changes);

async function loginBy(config: string, changes: Partial<Login> = {}): Promise<Login> {
  return completed(homeWith({ '.ssh/config': config }), changes);
}

describe('a login that ~/.ssh/config completes', () => {
  test('is what it was without a config, with the files of OpenSSH for host keys', async () => {
    const home = homeWith({});
    const known = join(home, '.ssh/known_hosts');
    expect(await completed(home)).toEqual({
      ...testLogin({ address: 'jack4', user: 'me', knownHostsFile: known }),
      moreKnownHostsFiles: [`${known}2`, '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    });
  });

  test('has the values of the user before those of the system', async () => {
    const home = homeWith({
      '.ssh/config': 'Include conf.d/*\nPort 1',
      'etc/ssh_config': 'Include more\nPort 2\nUser system',
    });
    mkdirSync(join(home, '.ssh/conf.d'));
    writeFileSync(join(home, '.ssh/conf.d/a'), 'Host jack4\n  Include ~/.ssh/b');
    writeFileSync(join(home, '.ssh/b'), 'HostName 203.0.113.4');
    writeFileSync(join(home, 'etc/more'), 'ConnectTimeout 3');
    expect(await completed(home)).toMatchObject({ address: '203.0.113.4', port: 1, user: 'system', connectTimeout: 3 });
  });

  test('keeps the values of the inventory', async () => {
    const config = [
      'Port 1',
      'User other',
      'HostName other',
      'IdentityFile /other',
      'ConnectTimeout 9',
      'StrictHostKeyChecking no',
      'UserKnownHostsFile /other',
      'IdentitiesOnly yes',
    ].join('\n');
    const names = [
      'address',
      'port',
      'user',
      'identity_file',
      'connect_timeout',
      'host_key_checking',
      'known_hosts_file',
    ];
    const login = testLogin({
      address: '203.0.113.4',
      port: 5,
      user: 'me',
      identityFile: '/key',
      given: new Set(names),
    });
    expect(await loginBy(config, login)).toEqual({ ...login, identitiesOnly: true });
  });

  test('is looked up by its address if it has one, and otherwise by its name', async () => {
    const config = 'Host jack4\nUser name\nHost 203.0.113.4\nUser address\nHostName elsewhere';
    const address = '203.0.113.4';
    expect(await loginBy(config)).toMatchObject({ address: 'jack4', user: 'name' });
    expect(await loginBy(config, { address, given: new Set(['address']) })).toMatchObject({ address, user: 'address' });
  });

  test('has the user of the inventory for Match user', async () => {
    const config = 'Match user root\nPort 1\nMatch user me\nPort 2';
    expect(await loginBy(config, { user: 'root', given: new Set(['user']) })).toMatchObject({ port: 1 });
    expect(await loginBy(config)).toMatchObject({ port: 2 });
  });

  test('has all its key files, with tokens and variables expanded', async () => {
    const config = [
      'Host jack4',
      '  HostName h.example',
      '  User u',
      '  Port 9',
      '  IdentityFile ~/.ssh/%r@%h-%p-%n-%k',
      '  IdentityFile %d/%u-%i-%L-%l-%%',
      `  IdentityFile $\{AGENT}/\${AGENT}`,
      '  IdentityFile relative',
    ].join('\n');
    const home = homeWith({ '.ssh/config': config });
    expect((await completed(home)).identityFiles).toEqual([
      `${home}/.ssh/u@h.example-9-jack4-jack4`,
      `${home}/me-7-desk-desk.example-%`,
      '/run/agent/run/agent',
      '/work/relative',
    ]);
    expect((await loginBy('IdentityFile none')).identityFiles).toEqual([]);
  });

  test.each([
    ['none', 'none'],
    ['SSH_AUTH_SOCK', { socket: '' }],
    ['$AGENT', { socket: '/run/agent' }],
    [`$\{AGENT}/x`, { socket: '/run/agent/x' }],
    ['/run/%u', { socket: '/run/me' }],
    ['\\\\.\\pipe\\openssh-ssh-agent', { socket: '\\\\.\\pipe\\openssh-ssh-agent' }],
    ['//./pipe/agent', { socket: '\\\\.\\pipe\\agent' }],
  ])('has the agent %s', async (word, agent) => {
    expect((await loginBy(`IdentityAgent ${word}`)).agent).toEqual(agent);
  });

  test('has no file for host keys if the config says none', async () => {
    const login = await loginBy('UserKnownHostsFile none\nGlobalKnownHostsFile none');
    expect(login).toMatchObject({ knownHostsFile: devNull, moreKnownHostsFiles: [] });
  });

  test('has the jump hosts of ProxyJump, the last one innermost', async () => {
    const config = [
      'Host jack4',
      '  ProxyJump coach@one:2222,ssh://two,[2001:db8::1]:23',
      '  IdentityFile /keys/jack',
      'Host one',
      '  HostName one.example',
      '  Port 1',
      '  User nobody',
      'Host two',
      '  ProxyJump other',
      '  IdentityFile /keys/two',
    ].join('\n');
    const { jump, identityFiles } = await loginBy(config);
    expect(identityFiles).toEqual(['/keys/jack']);
    expect(jump).toMatchObject({ name: '2001:db8::1', address: '2001:db8::1', port: 23, user: 'me' });
    expect(jump).not.toHaveProperty('identityFiles');
    expect(jump?.jump).toMatchObject({ address: 'two', port: 22, identityFiles: ['/keys/two'] });
    expect(jump?.jump?.jump).toMatchObject({ name: 'one', address: 'one.example', port: 2222, user: 'coach' });
    expect(jump?.jump?.jump?.jump).toBeUndefined();
  });

  test.each([
    ['Host jack4\nProxyJump none\nHost *\nProxyJump one', undefined],
    ['Host one\nProxyJump none\nHost *\nProxyJump one', 'one'],
  ])('has the jump host of %j: %s', async (config, name) => {
    expect((await loginBy(config)).jump?.name).toBe(name);
  });

  test('has a ProxyCommand with its quotes, as a jump host too', async () => {
    const config = 'Host one\nProxyCommand nc "%h" %p \'%%\' # %r %n\nUser u\nHost jack4\nProxyJump one';
    const one = await loginBy(config.replace('Host one', 'Host jack4'));
    expect(one.proxyCommand).toMatchObject({ text: 'nc "jack4" 22 \'%\' # u jack4', shell: '/bin/sh' });
    expect(one.proxyCommand?.at).toMatchObject({ line: 2, column: 14 });
    const { jump, proxyCommand } = await loginBy(config);
    expect(proxyCommand).toBeUndefined();
    expect(jump?.proxyCommand?.text).toBe('nc "one" 22 \'%\' # u one');
  });

  test('may name its jump host with tokens', async () => {
    const { jump } = await loginBy('Host jack4\nProxyJump %r.%n.%h:%p\nUser u\nPort 7\nHostName h');
    expect(jump).toMatchObject({ name: 'u.jack4.h', port: 7 });
  });

  test('sends keepalives as configured, unless the config disables them', async () => {
    expect((await loginBy('ServerAliveInterval 1m')).keepalive).toEqual({ seconds: 60, count: 3 });
    expect((await loginBy('ServerAliveInterval 0')).keepalive).toBeUndefined();
  });
});
