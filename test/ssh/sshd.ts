import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Login } from '../../src/core/connection.ts';
import { runSync, startChild } from '../child.ts';
import { until } from '../until.ts';

const sshdPath = '/usr/sbin/sshd';

/** Why tests against a real sshd cannot run here; undefined if they can. */
export const noSshd: string | undefined = existsSync(sshdPath) ? undefined : 'openssh-server is not installed';

/** A real OpenSSH server on loopback with a directory of its own. */
export interface Sshd {
  readonly directory: string;
  readonly port: number;
  /** A key that it lets in. */
  readonly key: string;
  /** A file that knows its host key. */
  readonly knownHosts: string;
  /** Paths of its private host keys, by type. */
  readonly hostKeys: { readonly ed25519: string; readonly rsa: string };
  login(changes?: Partial<Login>): Login;
  /** Variables of a host in an inventory that reach it. */
  readonly variables: Readonly<Record<string, string | number>>;
  /** The number of connections it has accepted so far. */
  connections(): number;
  log(): string;
  stop(): void;
}

/** A new key pair; gives the private file's path. */
export function makeKey(directory: string, name: string, ...args: string[]): string {
  const file = join(directory, name);
  runSync('ssh-keygen', ['-q', '-N', '', '-C', name, ...args, '-f', file]);
  return file;
}

/** A free port of loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}

/** The defaults of a Login for tests. */
export function testLogin(changes: Partial<Login> = {}): Login {
  return {
    name: 'jack4',
    address: '127.0.0.1',
    port: 22,
    user: userInfo().username,
    become: false,
    becomeUser: 'root',
    becomeMethod: 'sudo',
    hostKeyChecking: 'strict',
    knownHostsFile: '/nonexistent',
    connectTimeout: 10,
    given: new Set(),
    ...changes,
  };
}

/** Why an sshd that takes passwords cannot run here; undefined if it can. */
export const noPasswords: string | undefined =
  noSshd ?? (process.getuid?.() === 0 && existsSync('/etc/pam.d') ? undefined : 'only root can start it');

/** An account that only this sshd has. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/**
 * The words before sshd's own path: a mount namespace in which /etc/passwd, /etc/shadow and sshd's PAM configuration have the
 * account, and in which runs of heal have a lock of their own, so that test files that run side by side do not wait for each
 * other. Only root can make one.
 */
function inNamespace(account: Account | undefined, directory: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const mounts = ['mkdir -p /run/heal', 'mount -t tmpfs -o mode=755 heal /run/heal'];
  for (const [name, text] of Object.entries(account === undefined ? {} : filesWith(account))) {
    const file = join(directory, `etc-${name.replace('/', '-')}`);
    writeFileSync(file, text, { mode: name === 'shadow' ? 0o600 : 0o644 });
    mounts.push(`mount --bind '${file}' /etc/${name}`);
  }
  return ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh'];
}

/** Files of /etc with one account more. */
function filesWith({ user, password }: Account): Readonly<Record<string, string>> {
  const hash = runSync('openssl', ['passwd', '-6', '-stdin'], { input: password }).trim();
  return {
    passwd: `${readFileSync('/etc/passwd', 'utf8')}${user}:x:47110:47110::/tmp:/bin/sh\n`,
    shadow: `${readFileSync('/etc/shadow', 'utf8')}${user}:${hash}:20000:0:99999:7:::\n`,
    // Without the two seconds of delay after a wrong password.
    'pam.d/sshd': 'auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n',
  };
}

/** Starts a server; `config` is added to its sshd_config. */
export async function startSshd(config: readonly string[] = [], account?: Account): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'heal-sshd-'));
  const port = await freePort();
  const key = makeKey(directory, 'user', '-t', 'ed25519');
  const hostKeys = {
    ed25519: makeKey(directory, 'host_ed25519', '-t', 'ed25519'),
    rsa: makeKey(directory, 'host_rsa', '-t', 'rsa', '-b', '2048'),
  };
  const authorized = join(directory, 'authorized_keys');
  writeFileSync(authorized, readFileSync(`${key}.pub`));
  chmodSync(authorized, account === undefined ? 0o600 : 0o644);
  // sshd reads that file as the user who logs in.
  if (account !== undefined) chmodSync(directory, 0o711);
  const publicKey = readFileSync(`${hostKeys.ed25519}.pub`, 'utf8');
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${publicKey}`);
  const file = join(directory, 'sshd_config');
  // The first value of a keyword counts, so what a test adds comes first.
  const lines = [
    ...config,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKeys.ed25519}`,
    `HostKey ${hostKeys.rsa}`,
    `AuthorizedKeysFile ${authorized}`,
    `PidFile ${join(directory, 'pid')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'MaxStartups 100:30:200',
    'LogLevel VERBOSE',
    // So that bash, started by sshd, does not read the ~/.bashrc of whoever runs the tests, which may take seconds (bash(1)).
    'SetEnv SHLVL=2',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let log = '';
  // It lives as long as its test file.
  const [program = '', ...words] = [...inNamespace(account, directory), sshdPath, '-D', '-e', '-f', file];
  const { child, stop } = startChild(program, words, { limitMs: 600_000 });
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  await until('sshd listens', () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${log}`);
    return log.includes('Server listening');
  });
  return {
    directory,
    port,
    key,
    knownHosts,
    hostKeys,
    variables: {
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      identity_file: key,
      known_hosts_file: knownHosts,
    },
    login: (changes = {}) => testLogin({ port, identityFile: key, knownHostsFile: knownHosts, ...changes }),
    connections: () => log.match(/^Connection from /gm)?.length ?? 0,
    log: () => log,
    stop: () => {
      void stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
