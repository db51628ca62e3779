import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, Frame, Login } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { type Pace, paces } from '../../src/ssh/fast-login.ts';
import { hostKeyCheck } from '../../src/ssh/host-keys/host-key.ts';
import { runsAllCases } from '../all-cases.ts';
import { until } from '../until.ts';
import { startAgent } from './agent.ts';
import { loginOfHome } from './config-home.ts';
import { freePort, makeKey, noSshd, type Sshd, startSshd, testLogin } from './sshd.ts';

const never = new AbortController().signal;
const open: Connection[] = [];
const servers: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  for (const server of servers.splice(0)) server.close();
});

interface Options {
  readonly pace?: Pace;
  readonly home?: string;
  readonly agentSocket?: string;
  readonly signal?: AbortSignal;
}

async function connect(
  login: Login,
  { pace = 'kex', home = '/nonexistent', agentSocket, signal = never }: Options = {},
): Promise<{ connection: Connection; frames: Frame[] }> {
  const frames: Frame[] = [];
  const connection = await connector({ home, agentSocket, pace })(login, hello, (frame) => frames.push(frame), signal);
  open.push(connection);
  return { connection, frames };
}

const hello = sh`printf '\n%s hello - 5\nhello' "$N" >&3`;
const text = (frames: readonly Frame[]): string => frames.map((frame) => frame.body.toString()).join('');

async function refusal(attempt: Promise<unknown>): Promise<HealError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof HealError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** What a program prints. */
async function output(connection: Connection, program = sh`id -un`, signal = never): Promise<string> {
  const frames: Frame[] = [];
  const framed = sh`out=$(${program}); printf '\n%s out - %s\n%s' "$N" "\${#out}" "$out" >&3`;
  await connection.run(framed, (frame) => frames.push(frame), signal);
  return text(frames);
}

function listen(onSocket: (socket: Socket) => void): Promise<number> {
  return new Promise((resolve) => {
    const server: Server = createServer(onSocket);
    servers.push(server);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

describe('without an sshd', () => {
  let directory = '';
  let key = '';
  beforeAll(async () => {
    const { mkdtempSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    directory = mkdtempSync(join(tmpdir(), 'heal-connect-'));
    key = makeKey(directory, 'key', '-t', 'ed25519');
  });
  afterAll(async () => (await import('node:fs')).rmSync(directory, { recursive: true, force: true }));

  test('a refused connection is distinguished from other errors', async () => {
    const port = await freePort();
    const error = await refusal(connect(testLogin({ port, identityFile: key })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`connection refused by 127.0.0.1 port ${port}`);
    expect(error.hint).toBe('is sshd running there, and is this its port?');
  });

  test('an unknown name is distinguished from other errors', async () => {
    const error = await refusal(connect(testLogin({ address: 'no-such-host.invalid', identityFile: key })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(/no-such-host\.invalid/);
    expect(error.message).toMatch(/^(unknown host name|the name .* could not be looked up)/);
  });

  test('a server that sends nothing times out', async () => {
    const port = await listen(() => {});
    const error = await refusal(connect(testLogin({ port, identityFile: key, connectTimeout: 0.3 })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`logging in to 127.0.0.1 port ${port} timed out after 0.3 s`);
  });

  test.each(['plain', 'kex'] as const)('a closed connection is distinguished from other errors (%s)', async (pace) => {
    const port = await listen((socket) => socket.end());
    const error = await refusal(connect(testLogin({ port, identityFile: key }), { pace }));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`127.0.0.1 port ${port} closed the connection during the login`);
  });

  test('a server of another protocol is not an sshd', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await refusal(connect(testLogin({ port, identityFile: key })));
    expect(error.message).toBe(`127.0.0.1 port ${port} closed the connection during the login`);
  });

  test('a reset connection is distinguished from other errors', async () => {
    const port = await listen((socket) => socket.resetAndDestroy());
    const error = await refusal(connect(testLogin({ port, identityFile: key })));
    expect(error.message).toBe(`connection reset by 127.0.0.1 port ${port}`);
  });

  test('a missing key is found before anything is sent', async () => {
    const port = await freePort();
    const error = await refusal(connect(testLogin({ port, identityFile: join(directory, 'none') })));
    expect(error.kind).toBe('usage');
    expect(error.message).toBe(`there is no key file ${join(directory, 'none')}`);
  });

  test('a user name that the login shell would not accept as one word is refused', async () => {
    const error = await refusal(connect(testLogin({ become: true, becomeUser: 'x; reboot', identityFile: key })));
    expect(error.kind).toBe('usage');
    expect(error.message).toBe('become_user "x; reboot" is not the name of a user');
  });

  test('an interrupted login ends at once', async () => {
    const abort = new AbortController();
    // Connected, and the client has spoken: the login waits for an answer.
    const port = await listen((socket) => socket.once('data', () => abort.abort()));
    const error = await refusal(connect(testLogin({ port, identityFile: key }), { signal: abort.signal }));
    expect(error.kind).toBe('interrupted');
    expect(error.message).toBe(`logging in to 127.0.0.1 port ${port} was interrupted`);
  });
});

describe.skipIf(noSshd !== undefined)(`with a real sshd${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());
  /** How many connections to the server an attempt makes. */
  async function dials(server: Sshd, attempt: () => Promise<unknown>): Promise<number> {
    const before = server.connections();
    await attempt();
    // One more: when the server has written that down, it has written down all before it.
    const last = createConnection(server.port, '127.0.0.1');
    await once(last, 'data');
    const { localPort } = last;
    last.destroy();
    await until('the last connection is in the log', () => server.log().includes(`port ${localPort} on `));
    return server.connections() - before - 1;
  }

  // The slowest, and the one that sends the most ahead: what the others send ahead it sends, too.
  describe.each(runsAllCases ? paces : (['plain', 'kex'] as const))('at the pace %s', (pace) => {
    test('a key logs in, and the first program has run', async () => {
      const made = await dials(sshd, async () => {
        const { connection, frames } = await connect(sshd.login(), { pace });
        expect(frames.map((frame) => `${frame.kind} ${frame.body}`)).toEqual(['hello hello', 'end ']);
        expect(connection.host).toBe('jack4');
        expect(connection.roundTrips).toBe(0);
        expect(await output(connection)).toBe(`${sshd.login().user}`);
        expect(connection.roundTrips).toBe(1);
      });
      expect(made).toBe(1);
    });

    test('a long first program arrives whole', async () => {
      const content = 'line\n'.repeat(500_000);
      const frames: Frame[] = [];
      const program = sh`x=${content}; printf '\n%s out - %s\n%s' "$N" "\${#x}" "$x" >&3`;
      const connection = await connector({ home: '/', agentSocket: undefined, pace })(
        sshd.login(),
        program,
        (frame) => frames.push(frame),
        never,
      );
      open.push(connection);
      expect(text(frames) === content).toBe(true);
      expect(await output(connection, sh`echo next`)).toBe('next');
    });

    test.each(['rsa', 'ecdsa'])('a key of type %s logs in', async (type) => {
      const key = makeKey(sshd.directory, `${type} ${pace}`, '-t', type, ...(type === 'rsa' ? ['-b', '2048'] : []));
      writeFileSync(join(sshd.directory, 'authorized_keys'), readFileSync(`${key}.pub`), { flag: 'a' });
      const made = await dials(sshd, () => connect(sshd.login({ identityFile: key }), { pace }));
      expect(made).toBe(1);
    });

    test("the agent's second key logs in", async () => {
      const stranger = makeKey(sshd.directory, `stranger ${pace}`, '-t', 'ed25519');
      const agent = startAgent(sshd.directory, [stranger, sshd.key]);
      try {
        const { identityFile: _, ...login } = sshd.login();
        const made = await dials(sshd, () => connect(login, { pace, agentSocket: agent.socket }));
        expect(made).toBe(1);
      } finally {
        agent.stop();
      }
    });

    test('a wrong key is refused, by name', async () => {
      const stranger = makeKey(sshd.directory, `wrong ${pace}`, '-t', 'ed25519');
      const made = await dials(sshd, async () => {
        const error = await refusal(connect(sshd.login({ identityFile: stranger }), { pace }));
        const { user } = sshd.login();
        expect(error.kind).toBe('unreachable');
        expect(error.message).toBe(`127.0.0.1 port ${sshd.port} does not let ${user} in: tried ${stranger}`);
        expect(error.hint).toBe(
          `check that the user name is correct, and that ~${user}/.ssh/authorized_keys on the host contains one of these public keys`,
        );
      });
      expect(made).toBe(1);
    });

    test('a host key that changed is refused, with file and line, whatever the checking', async () => {
      const file = join(sshd.directory, `changed ${pace}`);
      const other = readFileSync(`${sshd.key}.pub`, 'utf8');
      writeFileSync(file, `# hosts\n[127.0.0.1]:${sshd.port} ${other}`);
      for (const hostKeyChecking of ['strict', 'accept-new'] as const) {
        const error = await refusal(connect(sshd.login({ knownHostsFile: file, hostKeyChecking }), { pace }));
        expect(error.kind).toBe('unreachable');
        expect(error.message).toMatch(
          /^the host key of 127\.0\.0\.1 port \d+ has changed: it showed ssh-ed25519 SHA256:/,
        );
        expect(error.message).toContain(`but ${file}:2 has ssh-ed25519 SHA256:`);
        expect(error.hint).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${file}`);
        expect(error.at?.line).toBe(2);
      }
    });

    test('a host of which only the RSA key is known is accepted', async () => {
      const file = join(sshd.directory, `rsa ${pace}.hosts`);
      writeFileSync(file, `[127.0.0.1]:${sshd.port} ${readFileSync(`${sshd.hostKeys.rsa}.pub`, 'utf8')}`);
      expect(await dials(sshd, () => connect(sshd.login({ knownHostsFile: file }), { pace }))).toBe(1);
    });
  });

  test('an unknown host is refused, and the fingerprint shown', async () => {
    const file = join(sshd.directory, 'none', 'known_hosts');
    const error = await refusal(connect(sshd.login({ knownHostsFile: file })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(
      /^the host key of 127\.0\.0\.1 port \d+ is unknown: ssh-ed25519 SHA256:\S+ is not in /,
    );
    expect(error.hint).toContain(`ssh-keyscan -t ed25519 -p ${sshd.port} 127.0.0.1 >> ${file}`);
  });

  test('accept-new records an unknown host in a file that only its owner can read, and knows it afterwards', async () => {
    const file = join(sshd.directory, 'new', 'known_hosts');
    await connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' }));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await connect(sshd.login({ knownHostsFile: file }));
    writeFileSync(file, 'other ssh-ed25519 AAAA');
    await connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' }));
    expect(readFileSync(file, 'utf8')).toMatch(/^other ssh-ed25519 AAAA\n\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+\n$/);
  });

  test('a new key is in the file before the login ends, and once if the login has a second attempt', async () => {
    const file = join(sshd.directory, 'slowly', 'known_hosts');
    const login = sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' });
    const { appendFile } = promises;
    // A slow disk.
    promises.appendFile = async (...given) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return appendFile(...given);
    };
    syncBuiltinESMExports();
    try {
      await connect(login);
      expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
    } finally {
      promises.appendFile = appendFile;
      syncBuiltinESMExports();
    }
    const twice = join(sshd.directory, 'twice');
    const check = await hostKeyCheck({ ...login, knownHostsFile: twice });
    const blob = readFileSync(`${sshd.hostKeys.ed25519}.pub`, 'utf8').split(' ')[1] ?? '';
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(check.refuse(Buffer.from(blob, 'base64'))).toBeUndefined();
      await check.remember();
    }
    expect(readFileSync(twice, 'utf8').split('\n')).toHaveLength(2);
  });

  test('a revoked key is refused', async () => {
    const file = join(sshd.directory, 'revoked');
    writeFileSync(file, `@revoked * ${readFileSync(`${sshd.hostKeys.ed25519}.pub`, 'utf8')}`);
    const error = await refusal(connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' })));
    expect(error.message).toMatch(/is revoked: ssh-ed25519 SHA256:\S+ is marked @revoked in .*revoked:1$/);
  });

  test('without checking, a changed key does not matter', async () => {
    const file = join(sshd.directory, 'off');
    writeFileSync(file, `[127.0.0.1]:${sshd.port} ${readFileSync(`${sshd.key}.pub`, 'utf8')}`);
    await connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'off' }));
  });

  test('a missing key is distinguished from a wrong one', async () => {
    const { identityFile: _, ...login } = sshd.login();
    const error = await refusal(connect(login));
    expect(error.message).toMatch(/does not let \w+ in: there is no key to try$/);
    expect(error.hint).toBe('set identity_file, or start an agent');
  });

  test.each([
    ['another key exchange', ['KexAlgorithms ecdh-sha2-nistp256']],
    ['another key exchange of a group', ['KexAlgorithms diffie-hellman-group14-sha256']],
  ])('a server that requires %s is logged in to at the plain pace', async (_, config) => {
    const other = await startSshd(config);
    try {
      const made = await dials(other, async () => {
        const { frames } = await connect(other.login());
        expect(text(frames)).toBe('hello');
      });
      expect(made).toBe(2);
    } finally {
      other.stop();
    }
  });

  test('a server without common algorithms is reported', async () => {
    const other = await startSshd(['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.message).toBe(`127.0.0.1 port ${other.port} and heal have no key exchange algorithm in common`);
    } finally {
      other.stop();
    }
  });

  test('a second authentication method that is required is named', async () => {
    const other = await startSshd([
      'AuthenticationMethods publickey,keyboard-interactive',
      'KbdInteractiveAuthentication yes',
      'UsePAM yes',
    ]);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.message).toMatch(
        /took the key of \w+, and requires a second authentication method as well \(keyboard-interactive\)$/,
      );
    } finally {
      other.stop();
    }
  });

  test('a server that allows no channel is distinguished from other errors', async () => {
    const other = await startSshd(['MaxSessions 0']);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(/^logging in to 127\.0\.0\.1 port \d+ failed: .*open failed/);
    } finally {
      other.stop();
    }
  });

  test('an account without permission for a shell is distinguished from other errors', async () => {
    const other = await startSshd(['ForceCommand echo This account is closed; exit 3']);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(
        /^the shell of \w+ on 127\.0\.0\.1 port \d+ ended with exit code 3: This account is closed$/,
      );
    } finally {
      other.stop();
    }
  });

  test('a shell that never answers times out', async () => {
    const other = await startSshd(['ForceCommand sleep 60']);
    try {
      // Long enough for the login itself on a busy machine.
      const error = await refusal(connect(other.login({ connectTimeout: 5 })));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(/^127\.0\.0\.1 port \d+ let \w+ in, but no shell answered within 5 s$/);
    } finally {
      other.stop();
    }
  });

  test('an alias that is only in ~/.ssh/config logs in, with its key, port and known hosts', async () => {
    const { port, knownHosts } = sshd;
    const { user } = sshd.login();
    const home = join(sshd.directory, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    renameSync(sshd.key, join(home, '.ssh/jack'));
    try {
      const other = join(home, '.ssh/other_hosts');
      const key = readFileSync(knownHosts, 'utf8').replace(/^\S+/, 'known-as');
      writeFileSync(join(home, '.ssh/known_jack'), key);
      const block = `HostName 127.0.0.1\nPort ${port}\nUser ${user}\nIdentityFile ~/.ssh/none\nIdentityFile ~/.ssh/%n\n`;
      const hosts = `HostKeyAlias known-as\nUserKnownHostsFile ${other} ~/.ssh/known_%n\n`;
      writeFileSync(join(home, '.ssh/config'), `Host jack\n${block}${hosts}`);
      const made = await dials(sshd, async () => {
        const { connection } = await connect(await loginOfHome(home, 'jack'), { home });
        expect(await output(connection)).toBe(user);
      });
      expect(made).toBe(1);
      // What is new is written into the first file, under the alias.
      writeFileSync(join(home, '.ssh/config'), `Host jack\n${block}${hosts.replace('known_%n', 'none')}`);
      const login = await loginOfHome(home, 'jack');
      const error = await refusal(connect(login, { home }));
      expect(error.message).toMatch(/ is not in \S+other_hosts as known-as$/);
      await connect({ ...login, hostKeyChecking: 'accept-new' }, { home });
      expect(readFileSync(other, 'utf8')).toMatch(/^known-as ssh-ed25519 \S+\n$/);
      await connect(login, { home });
    } finally {
      renameSync(join(home, '.ssh/jack'), sshd.key);
    }
  });

  test('a first program may take longer than a login', async () => {
    const find = connector({ home: '/nonexistent', agentSocket: undefined });
    open.push(await find(sshd.login({ connectTimeout: 5 }), sh`sleep 5.5`, () => {}, never));
  });

  test('a first program that never ends is given up', async () => {
    const find = connector({ home: '/nonexistent', agentSocket: undefined, firstLimit: 1 });
    const error = await refusal(find(sshd.login(), sh`sleep 60`, () => {}, never));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(/^127\.0\.0\.1 port \d+ let \w+ in, but sent no facts within 1 s$/);
  });

  test('a banner and a noisy rc file do no harm', async () => {
    const banner = join(sshd.directory, 'banner');
    writeFileSync(banner, 'Welcome\n'.repeat(100));
    const other = await startSshd([
      `Banner ${banner}`,
      // As an rc file would: before the command runs.
      'ForceCommand echo noise; printf nonsense; eval "$SSH_ORIGINAL_COMMAND"',
    ]);
    try {
      const { connection, frames } = await connect(other.login());
      expect(text(frames)).toBe('hello');
      expect(await output(connection, sh`echo more`)).toBe('more');
    } finally {
      other.stop();
    }
  });
});
