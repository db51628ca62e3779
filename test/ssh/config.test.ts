import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Login } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import { loginOfHome } from './config-home.ts';
import { testLogin } from './sshd.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A made home with `.ssh/config` and other files below it. */
function homeWith(files: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(join(directory, 'home-'));
  mkdirSync(join(home, '.ssh'));
  mkdirSync(join(home, 'etc'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text.replaceAll('HOME', home));
  return home;
}

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

describe('a config that cannot be used is an error with its line', () => {
  const errors: readonly [config: string, at: string, message: string, hint: string][] = [
    ['Host jack4\n  Port x', '2:8', 'Port must be a number from 1 to 65535 (got "x")', 'see Port in ssh_config(5)'],
    ['Port 0', '1:6', 'Port must be a number from 1 to 65535 (got "0")', 'see Port in ssh_config(5)'],
    ['User "me', '1:1', 'a quote or an escape is not closed', 'close it, or put # before the line'],
    ["User 'me", '1:1', 'a quote or an escape is not closed', 'close it, or put # before the line'],
    ['User', '1:1', 'User has no value', 'see User in ssh_config(5)'],
    ['User =', '1:1', 'User has no value', 'see User in ssh_config(5)'],
    ['User ""', '1:6', 'User has an empty value', 'see User in ssh_config(5)'],
    ['\n\tUser a b', '2:7', 'User expects one value', 'put quotes around a value with spaces'],
    ['Host', '1:1', 'Host names no pattern', 'write Host * for all hosts'],
    ['Match', '1:1', 'Match has no criterion', 'see Match in ssh_config(5)'],
    ['Match host', '1:7', 'Match host has no argument', 'see Match in ssh_config(5)'],
    ['Match hots a', '1:7', 'Match has no criterion hots', 'see Match in ssh_config(5)'],
    ['Match host a all', '1:7', 'Match all must be the only criterion', 'see Match in ssh_config(5)'],
    ['HostName %x', '1:10', 'the token %x is not supported here', 'supported are %% and %h'],
    [
      'IdentityFile ~bob/key',
      '1:14',
      'the home directory in ~bob/key is not supported',
      'write an absolute path, or ~/ for yours',
    ],
    [`IdentityFile $\{NONE}`, '1:14', 'the environment variable NONE is not set', 'set NONE'],
    [
      'StrictHostKeyChecking maybe',
      '1:23',
      'StrictHostKeyChecking must be yes, ask, accept-new, no or off (got "maybe")',
      'see StrictHostKeyChecking in ssh_config(5)',
    ],
    [
      'IdentitiesOnly maybe',
      '1:16',
      'IdentitiesOnly must be yes or no (got "maybe")',
      'see IdentitiesOnly in ssh_config(5)',
    ],
    [
      'ConnectTimeout soon',
      '1:16',
      'ConnectTimeout must be a time such as 30 or 5m (got "soon")',
      'see ConnectTimeout in ssh_config(5)',
    ],
    ['ProxyCommand nc %h %d', '1:14', 'the token %d is not supported here', 'supported are %% and %h, %n, %p, %r'],
    [
      'HostName $(id)\nProxyCommand nc %h %p',
      '2:14',
      '%h cannot be "$(id)"',
      'it has characters that a shell interprets',
    ],
    ['ProxyJump one', '1:11', 'ProxyJump leads back to one', 'give that host ProxyJump none'],
    ['ProxyJump a@', '1:11', 'ProxyJump cannot be "a@"', 'write [user@]host[:port], several with commas'],
    ['ProxyJump a,:9', '1:11', 'ProxyJump cannot be ":9"', 'write [user@]host[:port], several with commas'],
    ['ProxyJump a:65536', '1:11', 'ProxyJump cannot be "a:65536"', 'write [user@]host[:port], several with commas'],
    ['CanonicalizeHostname yes', '1:22', 'CanonicalizeHostname of "jack4" is not supported', 'use HostName'],
    ['Include config', '1:9', 'Include leads back to HOME/.ssh/config', 'remove one of the Include lines'],
    ['Include ~bob/x', '1:9', 'the home directory in ~bob/x is not supported', 'write an absolute path'],
    [
      'Include HOME/.ssh',
      '1:9',
      'cannot read the ssh config HOME/.ssh',
      'check that it is a regular file and that you have read permission',
    ],
    [
      'Match exec "touch HOME/ran"\n  Port 1',
      '1:7',
      'Match exec is not supported, and Port of "jack4" depends on it',
      'set it in the inventory, or in a Host block above this one',
    ],
    [
      'Match host jack4 !exec "touch HOME/ran" \n  Include b',
      '1:7',
      'Match exec is not supported, and User of "jack4" depends on it',
      'set it in the inventory, or in a Host block above this one',
    ],
  ];
  test.each(errors)('%j: %s', async (config, at, message, hint) => {
    const home = homeWith({ '.ssh/config': config, '.ssh/b': 'Host jack4\nUser b' });
    const error = await completed(home).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof HealError)) throw error ?? new Error('it was not refused');
    expect(error.kind).toBe('usage');
    expect(error.message).toBe(message.replaceAll('HOME', home));
    expect(error.hint).toBe(hint);
    expect(error.at?.file).toBe(join(home, '.ssh/config'));
    expect(`${error.at?.line}:${error.at?.column}`).toBe(at);
    expect(error.at?.text).toBe(config.replaceAll('HOME', home).split('\n')[(error.at?.line ?? 0) - 1]);
  });

  test.skipIf(process.platform === 'win32')('a config that other users can write is refused', async () => {
    const home = homeWith({ '.ssh/config': 'Port 1' });
    const file = join(home, '.ssh/config');
    chmodSync(file, 0o664);
    await expect(completed(home)).rejects.toMatchObject({
      message: `others may write ${file}, so it is not read`,
      hint: `run: chmod go-w ${file} (its owner must be you or root)`,
    });
  });
});
