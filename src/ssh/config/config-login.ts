import { devNull } from 'node:os';
import { join } from 'node:path';
import type { Login } from '../../core/connection.ts';
import type { ConfigFile } from './config-file.ts';
import { commandOf, type Hop, hopsOf } from './config-jump.ts';
import { configError, type Directive } from './config-line.ts';
import { type Settings, settingsFor } from './config-settings.ts';
import { expandConfigPath, expandText, type PathContext } from './config-tokens.ts';
import { checkingOf, countOf, flagOf, portOf, secondsOf } from './config-values.ts';

/** The values on the control node that a config's tokens and paths refer to. */
export interface ConfigSide {
  /** The user's home directory. */
  readonly home: string;
  /** Base of relative paths. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly localUser: string;
  readonly localHost: string;
  readonly uid: number | undefined;
  /** Directory of the system's known_hosts files. */
  readonly systemDirectory: string;
}

type Changes = { -readonly [K in keyof Login]?: Login[K] };

/**
 * Completes a login with the user's ssh_config files. Settings named in `login.given` stay unchanged. A host without an
 * address is looked up by its name, one with an address by that address: the argument that a user would give to `ssh`.
 *
 * @throws HealError of kind `usage`, with file and line
 */
export function withConfig(login: Login, files: readonly ConfigFile[], side: ConfigSide): Login {
  const name = login.given.has('address') ? login.address : login.name;
  return completed(login, files, side, { names: [name], hops: [] });
}

/** Why a login is that of a jump host. */
interface Via {
  /** The hosts that are reached through it: using one of them again would never end. */
  readonly names: readonly string[];
  /** Jump hosts that precede it in the same ProxyJump; they replace its own. */
  readonly hops: readonly Hop[];
}

function completed(login: Login, files: readonly ConfigFile[], side: ConfigSide, via: Via): Login {
  const { given } = login;
  const name = given.has('address') ? login.address : login.name;
  const user = given.has('user') ? { user: login.user } : {};
  const settings = settingsFor(files, { name, localUser: side.localUser, ...user });
  refuse(settings, name);
  const changes: Changes = {};
  const read = <T>(line: Directive | undefined, value: (line: Directive) => T): T | undefined =>
    line === undefined ? undefined : value(line);

  if (!given.has('address')) changes.address = settings.hostName;
  const port = given.has('port') ? undefined : read(settings.line('port'), portOf);
  if (port !== undefined) changes.port = port;
  const configUser = given.has('user') ? undefined : settings.line('user')?.words[0];
  if (configUser !== undefined) changes.user = configUser;
  if (!given.has('connect_timeout')) {
    const seconds = read(settings.line('connecttimeout'), secondsOf);
    // In OpenSSH, 0 means the limit of the system.
    if (seconds) changes.connectTimeout = seconds;
  }
  const context = contextOf({ ...login, ...changes }, name, settings, side);
  Object.assign(changes, keysOf(login, settings, context), hostKeysOf(login, settings, context, side));
  const seconds = read(settings.line('serveraliveinterval'), secondsOf);
  const count = read(settings.line('serveralivecountmax'), countOf);
  if (seconds) changes.keepalive = { seconds, count: count ?? 3 };
  const hops = via.hops.length > 0 ? via.hops : hopsOf(settings.line('proxyjump'), context.tokens);
  const hop = hops.at(-1);
  if (hop !== undefined) changes.jump = jumpLogin(hop, files, side, { names: via.names, hops: hops.slice(0, -1) });
  else {
    const command = commandOf(settings.line('proxycommand'), context.tokens);
    // Only Windows has no user ids.
    const shell = side.uid === undefined ? {} : { shell: side.env['SHELL'] || '/bin/sh' };
    if (command !== undefined) changes.proxyCommand = { ...command, ...shell };
  }
  return { ...login, ...changes };
}

/**
 * The login of a jump host: its name is looked up in the same files. The inventory's user, key and so on apply only to the
 * host, as `ssh -J` does not pass on any of its options.
 */
function jumpLogin(hop: Hop, files: readonly ConfigFile[], side: ConfigSide, { names, hops }: Via): Login {
  const { host, user, port, at } = hop;
  if (names.includes(host)) throw configError(`ProxyJump leads back to ${host}`, at, 'give that host ProxyJump none');
  const given = new Set([...(user === undefined ? [] : ['user']), ...(port === undefined ? [] : ['port'])]);
  const login: Login = {
    name: host,
    address: host,
    port: port ?? 22,
    user: user ?? side.localUser,
    become: false,
    becomeUser: 'root',
    becomeMethod: 'sudo',
    hostKeyChecking: 'strict',
    knownHostsFile: join(side.home, '.ssh', 'known_hosts'),
    connectTimeout: 10,
    given,
  };
  return completed(login, files, side, { names: [...names, host], hops });
}

/** Refuses a setting that is required to reach the host and that heal does not support. */
function refuse(settings: Settings, name: string): void {
  const passes = settings.line('proxyusefdpass');
  if (passes !== undefined && flagOf(passes) && settings.line('proxycommand') !== undefined) {
    throw configError(`ProxyUseFdpass of "${name}" is not supported`, passes.at, 'use a ProxyCommand that relays');
  }
  const canonicalize = settings.line('canonicalizehostname');
  if (canonicalize !== undefined && !/^(no|false|none)$/i.test(canonicalize.words[0] ?? '')) {
    throw configError(`CanonicalizeHostname of "${name}" is not supported`, canonicalize.at, 'use HostName');
  }
}

function contextOf(login: Login, name: string, settings: Settings, side: ConfigSide): PathContext {
  const tokens = {
    d: side.home,
    h: login.address,
    k: settings.line('hostkeyalias')?.words[0] ?? name,
    L: side.localHost.split('.')[0] ?? '',
    l: side.localHost,
    n: name,
    p: String(login.port),
    r: login.user,
    u: side.localUser,
    ...(side.uid === undefined ? {} : { i: String(side.uid) }),
  };
  return { tokens, home: side.home, cwd: side.cwd, env: side.env };
}

function keysOf(login: Login, settings: Settings, context: PathContext): Changes {
  const changes: Changes = {};
  const only = settings.line('identitiesonly');
  if (only !== undefined) changes.identitiesOnly = flagOf(only);
  const agent = settings.line('identityagent');
  if (agent !== undefined) changes.agent = agentOf(agent, context);
  if (login.given.has('identity_file') || settings.identityFiles.length === 0) return changes;
  changes.identityFiles = settings.identityFiles
    .filter(({ words }) => words[0]?.toLowerCase() !== 'none')
    .map(({ words, at }) => expandConfigPath(words[0] ?? '', at, context));
  return changes;
}

/** IdentityAgent in ssh_config(5): a socket, `none`, `SSH_AUTH_SOCK`, or `$NAME` of the environment. */
function agentOf({ words: [word = ''], at }: Directive, context: PathContext): NonNullable<Login['agent']> {
  if (word === 'none') return 'none';
  const name = word === 'SSH_AUTH_SOCK' ? word : /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
  if (name !== undefined) return { socket: context.env[name] ?? '' };
  // A named pipe of Windows is not a path to resolve; two backslashes are read as one.
  const pipe = /^[\\/]{1,2}\.[\\/]pipe[\\/](.+)$/.exec(expandText(word, at, context))?.[1];
  return { socket: pipe === undefined ? expandConfigPath(word, at, context) : `\\\\.\\pipe\\${pipe}` };
}

function hostKeysOf(login: Login, settings: Settings, context: PathContext, side: ConfigSide): Changes {
  const changes: Changes = {};
  const checking = settings.line('stricthostkeychecking');
  if (checking !== undefined && !login.given.has('host_key_checking')) {
    changes.hostKeyChecking = checkingOf(checking);
    if (/^(yes|true)$/i.test(checking.words[0] ?? '')) changes.askHostKey = false;
  }
  const hash = settings.line('hashknownhosts');
  if (hash !== undefined) changes.hashKnownHosts = flagOf(hash);
  const alias = settings.line('hostkeyalias')?.words[0];
  if (alias !== undefined) changes.hostKeyAlias = alias;
  if (login.given.has('known_hosts_file')) return changes;
  const system = settings.line('globalknownhostsfile');
  const global =
    system === undefined
      ? ['ssh_known_hosts', 'ssh_known_hosts2'].map((name) => join(side.systemDirectory, name))
      : pathsOf(system, context);
  const line = settings.line('userknownhostsfile');
  const [first, ...more] =
    line === undefined ? [login.knownHostsFile, `${login.knownHostsFile}2`] : pathsOf(line, context);
  // As in OpenSSH: if there is no file to add a key to, no new key is accepted.
  if (first === undefined && changes.hostKeyChecking === 'accept-new') changes.hostKeyChecking = 'strict';
  return { ...changes, knownHostsFile: first ?? devNull, moreKnownHostsFiles: [...more, ...global] };
}

function pathsOf({ words, at }: Directive, context: PathContext): readonly string[] {
  return words.filter((word) => word.toLowerCase() !== 'none').map((word) => expandConfigPath(word, at, context));
}
