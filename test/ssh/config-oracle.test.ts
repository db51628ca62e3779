import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFiles } from '../../src/ssh/config/config-file.ts';
import { commandOf } from '../../src/ssh/config/config-jump.ts';
import { withConfig } from '../../src/ssh/config/config-login.ts';
import { settingsFor } from '../../src/ssh/config/config-settings.ts';
import { attemptSync, runSync } from '../child.ts';
import { testLogin } from './sshd.ts';

const noSsh = existsSync('/usr/bin/ssh') ? undefined : 'openssh-client is not installed';
/** What ssh takes for the home directory, whatever HOME says. Nothing in it is read. */
const { homedir: home, username: localUser, uid } = userInfo();

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What both sides say of a host. */
type Answer = Readonly<Record<string, string | readonly string[]>>;

/** The config, the hosts that are looked up in it, and other files, as `NAME: TEXT`. DIR is their directory. */
type Case = readonly [config: string, hosts: string, files?: Readonly<Record<string, string>>];

const cases: readonly Case[] = [
  ['', 'jack4 JACK4 203.0.113.4 2001:db8::4'],
  ['Host jack4\n  HostName 203.0.113.4\n  User coach\n  Port 2222\n', 'jack4 jack5'],
  ['host jack4\nHOSTNAME a.example\nuSeR root', 'jack4'],
  ['HostName=one.example\nPort = 23\nUser= bob\nConnectTimeout =7', 'jack4'],
  ['Host=jack4\nUser=x', 'jack4 jack5'],
  ['Host jack*\nHostName %h.example.com\nHost jack4\nHostName other', 'jack4 web1 JACK4'],
  ['Host *\nHostName %h.EXAMPLE.com', 'jack4'],
  ['Host jack? web?x\nPort 1\n', 'jack4 jack44 web1x jack'],
  ['Host * !jack4\nPort 1\nHost *\nPort 2', 'jack4 jack5'],
  ['Host !jack4 *\nPort 1\nHost !jack5\nPort 2', 'jack4 jack5'],
  ['Host !jack* jack4\nPort 1', 'jack4 web'],
  ['Host jack4 jack5,jack6\nPort 1', 'jack4 jack5'],
  ['Host "jack4" "two words"\nPort 1', 'jack4'],
  ['User first\nHost *\nUser second\nPort 1\nPort 2', 'jack4'],
  ['Host jack4\nIdentityFile ~/.ssh/a\nHost *\nIdentityFile ~/.ssh/b\nIdentityFile ~/.ssh/a', 'jack4 web'],
  ['IdentityFile "/keys/two words"\nIdentityFile \'/keys/it\'\nIdentityFile /keys/a\\ b', 'jack4'],
  ['IdentityFile /keys/a#b\nUser coach # a comment\n  # another\nPort 5 #x', 'jack4'],
  ['IdentityFile none\nIdentitiesOnly yes', 'jack4'],
  ['IdentitiesOnly no\nHost *\nIdentitiesOnly yes', 'jack4'],
  ['IdentitiesOnly true\nIdentityAgent none', 'jack4'],
  ['IdentityAgent SSH_AUTH_SOCK', 'jack4'],
  ['IdentityAgent $MY_AGENT\nIdentityAgent /other', 'jack4'],
  ['UserKnownHostsFile /a/one "/a/two words" ~/three', 'jack4'],
  ['UserKnownHostsFile /a/%h-%p-%r-%n-%u-%d-%L-%l-%i-%k-%%\nHostName H.example\nPort 9\nUser u', 'jack4'],
  ['UserKnownHostsFile ${HEAL_TEST_KNOWN}/x', 'jack4'],
  ['UserKnownHostsFile none', 'jack4'],
  ['UserKnownHostsFile /dev/null\nGlobalKnownHostsFile /g1 /g2', 'jack4'],
  ['StrictHostKeyChecking yes\nStrictHostKeyChecking no', 'jack4'],
  ['StrictHostKeyChecking ask', 'jack4'],
  ['StrictHostKeyChecking accept-new', 'jack4'],
  ['StrictHostKeyChecking no', 'jack4'],
  ['StrictHostKeyChecking off', 'jack4'],
  ['ConnectTimeout 5', 'jack4'],
  ['ConnectTimeout 1m30s', 'jack4'],
  ['ConnectTimeout none', 'jack4'],
  ['ServerAliveInterval 20\nServerAliveCountMax 2', 'jack4'],
  ['HostKeyAlias known.example', 'jack4'],
  ['ProxyJump bastion', 'jack4'],
  ['Host jack4\nProxyJump none\nHost *\nProxyJump bastion', 'jack4 jack5'],
  ['ProxyJump coach@one:2222,two,root@[2001:db8::1]:23', 'jack4'],
  ['ProxyJump ssh://coach@one:2222', 'jack4'],
  ['ProxyJump one,two\nProxyCommand nc', 'jack4'],
  ['ProxyCommand none\nProxyJump one', 'jack4'],
  ['ProxyCommand = "/a b/nc" -x "it\'s" \\"  %h %p "$x" # y \t\nProxyJump one', 'jack4'],
  ['ProxyCommand NONE\nProxyCommand nc %h', 'jack4'],
  ['ProxyCommand "none"', 'jack4'],
  ['Match host jack4\nPort 1\nMatch host *.example\nPort 2', 'jack4 a.example jack5'],
  ['Host jack4\nHostName real.example\nMatch host real.example\nPort 1\nMatch originalhost jack4\nUser o', 'jack4'],
  ['Match host=jack4,web* user=root\nPort 1', 'jack4 web root@jack4 root@web coach@web'],
  ['Match !host jack4\nPort 1\nMatch host *,!jack4\nUser x', 'jack4 web'],
  ['User coach\nMatch user coach\nPort 1\nMatch user root\nPort 2', 'jack4 root@jack4'],
  [`Match localuser ${localUser}\nPort 1\nMatch !localuser ${localUser}\nUser x`, 'jack4'],
  ['Match all\nPort 1\nMatch !all\nUser x', 'jack4'],
  ['Host jack4\nHostName web.example\nMatch final host web.example\nPort 1\nHost web.*\nUser x', 'jack4'],
  ['Host jack4\nHostName web.example\nHost web.*\nUser x\nMatch !final\nPort 3\nMatch final all\nUser y', 'jack4'],
  ['Match canonical\nPort 1', 'jack4'],
  ['Match HOST Jack4\nPort 1\nMatch originalhost JACK*\nUser x', 'jack4 JACK4'],
  ['Include DIR/a\nPort 2', 'jack4', { a: 'Port 1\nUser a' }],
  ['Include DIR/a DIR/b DIR/none', 'jack4', { a: 'Port 1', b: 'Port 2\nUser b' }],
  [
    'Include DIR/*.conf DIR/[xy]',
    'jack4',
    { '2.conf': 'Port 2', '1.conf': 'Port 1', '.0.conf': 'Port 9', x: 'User x' },
  ],
  [
    'Include "DIR/two words"\nInclude DIR/[!a].txt',
    'jack4',
    { 'two words': 'Port 1', 'a.txt': 'User a', 'b.txt': 'User b' },
  ],
  ['Host jack4\nInclude DIR/a\nUser after', 'jack4 jack5', { a: 'Port 1\nHost jack5\nPort 5' }],
  ['Host jack4\nInclude DIR/a\nHostName after', 'jack4 jack5', { a: 'Host jack4\nPort 4\nHost other\nUser o' }],
  ['Include DIR/a\nInclude DIR/a', 'jack4', { a: 'Include DIR/b', b: 'Match host jack4\nPort 1' }],
  ['Match host jack5\nInclude DIR/a\nMatch host jack4\nInclude DIR/a', 'jack4 web', { a: 'Match all\nPort 1' }],
  ['\tHost jack4\t\r\n\t\tPort\t7\r\n', 'jack4'],
  ['Port 1\nForwardAgent yes\nSendEnv LANG LC_*\nLocalForward 1 a:2\nSetEnv A="b c"', 'jack4'],
  ['Match exec "exit 1"\nForwardAgent yes\nHost jack4\nPort 4', 'jack4'],
  ['Port 4\nMatch exec "exit 0"\nPort 5', 'jack4'],
  ['Match host web exec "exit 0"\nPort 5', 'jack4'],
];

describe.skipIf(noSsh !== undefined)('the config of a host is the output of ssh -G', () => {
  test.each(cases.map((one, i) => [i, ...one] as const))('%i: %j for %s', async (_, config, hosts, files = {}) => {
    const at = mkdtempSync(join(directory, 'case-'));
    const write = (name: string, text: string) => writeFileSync(join(at, name), text.replaceAll('DIR', at));
    mkdirSync(at, { recursive: true });
    for (const [name, text] of Object.entries(files)) write(name, text);
    write('config', config);
    for (const host of hosts.split(' ')) expect(await healSays(at, host)).toEqual(sshSays(at, host));
  });
});

/** The tokens of key files, which `ssh -G` shows as they are written; `ssh -v` names the files. */
const keyFiles: readonly string[] = [
  'IdentityFile ~/.ssh/%r@%h-%p-%n-%k\nHostName h.example\nUser u\nPort 9',
  'IdentityFile %d/%u-%i-%L-%l-%%\nIdentityFile "/a b/%%h"\nIdentityFile ~/a%%b',
  'IdentityFile ${HEAL_TEST_KNOWN}/%h/${HEAL_TEST_TOKEN}',
  'HostKeyAlias alias\nIdentityFile /keys/%k\nIdentityFile none\nIdentityFile /keys/last',
  'Match final\nIdentityFile /keys/%h\nHost jack4\nHostName h.example\nIdentityFile /keys/first',
];

describe.skipIf(noSsh !== undefined)('the key files of a host are those of ssh -v', () => {
  test.each(keyFiles)('%j', async (config) => {
    const at = mkdtempSync(join(directory, 'keys-'));
    writeFileSync(join(at, 'config'), config);
    // It ends at once: its connection is the output of a program that says nothing.
    const args = ['-v', '-F', join(at, 'config'), '-o', 'ProxyCommand=true', 'jack4'];
    const { stderr } = attemptSync('ssh', args, { env: { ...process.env, ...env } });
    const named = [...stderr.toString().matchAll(/^debug1: identity file (.*) type -?\d+\r?$/gm)];
    const files = named.flatMap(([, file = '']) => (file.endsWith('-cert') ? [] : file));
    expect(files).not.toEqual([]);
    expect((await completed(at, 'jack4')).done.identityFiles).toEqual(files);
  });
});

const env = { HEAL_TEST_KNOWN: '/known', HEAL_TEST_TOKEN: '%h' };
const defaultKeys = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa'];

function sshSays(at: string, host: string): Answer {
  const said = runSync('ssh', ['-G', '-F', join(at, 'config'), host], { env: { ...process.env, ...env } });
  const lines = said.split('\n').map((line) => /^(\S+) (.*)$/.exec(line)?.slice(1) ?? []);
  const one = (key: string): string => lines.find(([name]) => name === key)?.[1] ?? 'none';
  const files = lines.filter(([name]) => name === 'identityfile').map(([, value]) => value ?? '');
  const isDefault = files.every((file) => defaultKeys.includes(file.replace('~/.ssh/', '')));
  return {
    hostname: one('hostname'),
    user: one('user'),
    port: one('port'),
    identityfile: isDefault ? 'default' : files,
    identitiesonly: one('identitiesonly'),
    identityagent: one('identityagent'),
    userknownhostsfile: one('userknownhostsfile'),
    globalknownhostsfile: one('globalknownhostsfile'),
    stricthostkeychecking:
      { true: 'strict', ask: 'strict', false: 'off' }[one('stricthostkeychecking')] ?? 'accept-new',
    connecttimeout: one('connecttimeout'),
    keepalive:
      one('serveraliveinterval') === '0' ? 'none' : `${one('serveraliveinterval')} ${one('serveralivecountmax')}`,
    hostkeyalias: one('hostkeyalias'),
    proxyjump: one('proxyjump').replace(/ssh:\/\//g, ''),
    proxycommand: one('proxycommand'),
  };
}

/** What heal makes of a host; its jump hosts are left out, since those are not looked up by `ssh -G`. */
async function completed(at: string, typed: string) {
  const paths = {
    user: join(at, 'config'),
    system: '/nonexistent',
    userDirectory: at,
    systemDirectory: '/etc/ssh',
    home,
    uid,
  };
  const files = await readConfigFiles(paths);
  const [, user, name = typed] = /^(.*)@(.*)$/.exec(typed) ?? [];
  const login = testLogin({
    name,
    address: name,
    user: user ?? localUser,
    connectTimeout: -1,
    knownHostsFile: join(home, '.ssh/known_hosts'),
    given: new Set(user === undefined ? [] : ['user']),
  });
  const side = { home, cwd: at, env, localUser, localHost: hostname(), uid, systemDirectory: '/etc/ssh' };
  const direct = files.map((file) => file.filter(({ keyword }) => !keyword.startsWith('proxy')));
  const settings = settingsFor(files, { name, localUser, ...(user === undefined ? {} : { user }) });
  return { settings, done: withConfig(login, direct, side) };
}

/** The same from heal. What it gives as expanded paths is compared with what ssh gives unexpanded by the settings. */
async function healSays(at: string, typed: string): Promise<Answer> {
  const { settings, done } = await completed(at, typed);
  const jump = settings.line('proxyjump')?.words[0];
  const none = settings.line('userknownhostsfile')?.words[0] === 'none';
  const known = [none ? 'none' : done.knownHostsFile];
  return {
    hostname: done.address,
    user: done.user,
    port: String(done.port),
    identityfile:
      settings.identityFiles.length === 0 ? 'default' : settings.identityFiles.map(({ words }) => words[0] ?? ''),
    identitiesonly: done.identitiesOnly === true ? 'yes' : 'no',
    identityagent: settings.line('identityagent')?.words[0] ?? 'none',
    userknownhostsfile: [...known, ...(done.moreKnownHostsFiles ?? [])].slice(0, -2).join(' '),
    globalknownhostsfile: done.moreKnownHostsFiles?.slice(-2).join(' ') ?? '',
    stricthostkeychecking: done.hostKeyChecking,
    connecttimeout: done.connectTimeout === -1 ? 'none' : String(done.connectTimeout),
    keepalive: done.keepalive === undefined ? 'none' : `${done.keepalive.seconds} ${done.keepalive.count}`,
    hostkeyalias: done.hostKeyAlias ?? 'none',
    proxyjump: jump?.replace(/^ssh:\/\//, '') ?? 'none',
    proxycommand: commandOf(settings.line('proxycommand'), { h: '%h', n: '%n', p: '%p', r: '%r' })?.text ?? 'none',
  };
}
