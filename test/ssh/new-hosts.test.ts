import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Login } from '../../src/core/connection.ts';
import { sh } from '../../src/shell/sh.ts';
import { type Connector, connector } from '../../src/ssh/connect.ts';
import { addNewHosts, type NewHost } from '../../src/ssh/host-keys/new-hosts.ts';
import { runSync } from '../child.ts';
import { loginOfHome } from './config-home.ts';
import { freePort, makeKey, noSshd, type Sshd, startSshd } from './sshd.ts';

const never = new AbortController().signal;

describe.skipIf(noSshd !== undefined)(`with a real sshd${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let sshd: Sshd;
  let other: Sshd;
  let directory = '';
  let connect: Connector;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'heal-new-hosts-'));
    [sshd, other] = await Promise.all([startSshd(), startSshd()]);
    connect = connector({ home: '/nonexistent', agentSocket: undefined });
  });
  afterEach(() => connect.close());
  afterAll(() => {
    for (const one of [sshd, other]) one?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  let files = 0;
  const newFile = (): string => join(directory, `made ${files++}`, 'known_hosts');
  /** A known_hosts file with these lines. */
  const fileWith = (...lines: string[]): string => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    return file;
  };
  const publicKey = (file: string): string => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  const fingerprintOf = (file: string): string =>
    runSync('ssh-keygen', ['-l', '-f', `${file}.pub`]).split(' ')[1] ?? '';

  /** What is asked about these logins, when each question gets the same answer. */
  async function askedFor(logins: readonly Login[], answer = true, signal = never): Promise<NewHost[]> {
    const asked: NewHost[] = [];
    const ask = async (host: NewHost): Promise<boolean> => {
      asked.push(host);
      return answer;
    };
    await addNewHosts(logins, { fetch: connect.fetchHostKey, ask, atOnce: 8, signal });
    return asked;
  }
  const logIn = async (login: Login): Promise<void> => {
    await (await connect(login, sh`:`, () => undefined, never)).close();
  };

  test('a new host is asked about once, with the fingerprint of ssh-keygen, and its key is added', async () => {
    const knownHostsFile = newFile();
    const login = sshd.login({ knownHostsFile });
    const asked = await askedFor([login, sshd.login({ knownHostsFile, name: 'jack5' })]);
    expect(asked).toEqual([
      {
        login,
        where: `127.0.0.1 port ${sshd.port}`,
        type: 'ED25519',
        fingerprint: fingerprintOf(sshd.hostKeys.ed25519),
      },
    ]);
    expect(readFileSync(knownHostsFile, 'utf8')).toBe(`[127.0.0.1]:${sshd.port} ${publicKey(sshd.hostKeys.ed25519)}\n`);
    await logIn(login);
    expect(await askedFor([login])).toEqual([]);
  });

  test('no login takes place for it', async () => {
    const before = sshd.log().length;
    await askedFor([sshd.login({ knownHostsFile: newFile(), user: 'somebody' })]);
    expect(sshd.log().slice(before)).not.toMatch(/somebody|Accepted|Failed/);
  });

  test('after a no, nothing is added and the login is refused', async () => {
    const login = sshd.login({ knownHostsFile: newFile() });
    expect(await askedFor([login], false)).toHaveLength(1);
    expect(existsSync(login.knownHostsFile)).toBe(false);
    await expect(logIn(login)).rejects.toThrow(/^the host key of .* is unknown/);
  });

  test('a hashed name is added if HashKnownHosts is set, and both heal and ssh-keygen find it', async () => {
    const login = sshd.login({ knownHostsFile: newFile(), hashKnownHosts: true });
    await askedFor([login]);
    expect(readFileSync(login.knownHostsFile, 'utf8')).toMatch(
      /^\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}= ssh-ed25519 /,
    );
    expect(runSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', login.knownHostsFile])).toMatch(/found/);
    await logIn(login);
    expect(await askedFor([login])).toEqual([]);
  });

  test('a jump host is asked about before the host behind it', async () => {
    const knownHostsFile = newFile();
    const jump = other.login({ name: 'bastion', knownHostsFile });
    const login = sshd.login({ knownHostsFile, jump });
    const asked = await askedFor([sshd.login({ name: 'jack5', knownHostsFile: newFile() }), login]);
    expect(asked.map((host) => host.login.name)).toEqual(['jack5', 'bastion', 'jack4']);
    await logIn(login);
  });

  test('behind a jump host that was refused, nothing is asked', async () => {
    const knownHostsFile = newFile();
    const jump = other.login({ name: 'bastion', knownHostsFile });
    const asked = await askedFor([sshd.login({ knownHostsFile, jump })], false);
    expect(asked.map((host) => host.login.name)).toEqual(['bastion']);
  });

  test('a host that is known only for its default port is asked about for another port', async () => {
    const stranger = makeKey(directory, 'stranger', '-t', 'ed25519');
    const login = sshd.login({ knownHostsFile: fileWith(`127.0.0.1 ${publicKey(stranger)}`) });
    expect(await askedFor([login])).toHaveLength(1);
    await logIn(login);
    const same = sshd.login({ knownHostsFile: fileWith(`127.0.0.1 ${publicKey(sshd.hostKeys.ed25519)}`) });
    expect(await askedFor([same])).toEqual([]);
  });

  describe('nothing is asked', () => {
    test('about a changed key, also of another type', async () => {
      for (const type of ['ed25519', 'ecdsa']) {
        const stranger = makeKey(directory, `stranger ${type}`, '-t', type);
        const line = `[127.0.0.1]:${sshd.port} ${publicKey(stranger)}`;
        const login = sshd.login({ knownHostsFile: fileWith(line) });
        expect(await askedFor([login])).toEqual([]);
        expect(readFileSync(login.knownHostsFile, 'utf8')).toBe(`${line}\n`);
        await expect(logIn(login)).rejects.toThrow(/^the host key of .* has changed/);
      }
    });

    test('about a revoked key', async () => {
      const line = `@revoked * ${publicKey(sshd.hostKeys.ed25519)}`;
      const login = sshd.login({ knownHostsFile: fileWith(line) });
      expect(await askedFor([login])).toEqual([]);
      await expect(logIn(login)).rejects.toThrow(/ is revoked/);
    });

    test('if new keys are accepted or not checked, if they cannot be added, and if ssh does not ask', async () => {
      const none: Partial<Login>[] = [
        { hostKeyChecking: 'accept-new' },
        { hostKeyChecking: 'off' },
        { knownHostsFile: devNull },
        { askHostKey: false },
      ];
      const before = sshd.connections();
      const logins = none.map((changes) => sshd.login({ knownHostsFile: newFile(), ...changes }));
      expect(await askedFor(logins)).toEqual([]);
      expect(sshd.connections()).toBe(before);
    });

    test('about a host that does not answer', async () => {
      const port = await freePort();
      expect(await askedFor([sshd.login({ port, knownHostsFile: newFile() })])).toEqual([]);
    });
  });

  test('a host that accepts the connection and sends nothing is given up after connect_timeout', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const port = Number(Reflect.get(silent.address() ?? {}, 'port'));
    try {
      const login = sshd.login({ port, knownHostsFile: newFile(), connectTimeout: 0.5 });
      expect(await askedFor([login])).toEqual([]);
      expect(sockets).toHaveLength(1);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  test('a key that cannot be added is a plain error', async () => {
    const knownHostsFile = join(fileWith('# a file, no directory'), 'known_hosts');
    const asked = askedFor([sshd.login({ knownHostsFile, moreKnownHostsFiles: [] })]);
    await expect(asked).rejects.toMatchObject({ kind: 'usage' });
  });

  test('an interrupt ends it', async () => {
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    const asked = askedFor([sshd.login({ knownHostsFile: newFile() })], true, abort.signal);
    await expect(asked).rejects.toMatchObject({ kind: 'interrupted' });
  });
});

test.each([
  ['', undefined, undefined],
  ['StrictHostKeyChecking ask', undefined, undefined],
  ['StrictHostKeyChecking yes', false, undefined],
  ['HashKnownHosts yes', undefined, true],
  ['HashKnownHosts no', undefined, false],
])('~/.ssh/config with %j: askHostKey %s, hashKnownHosts %s', async (line, ask, hash) => {
  const home = mkdtempSync(join(tmpdir(), 'heal-new-hosts-home-'));
  mkdirSync(join(home, '.ssh'));
  writeFileSync(join(home, '.ssh/config'), `${line}\n`);
  chmodSync(join(home, '.ssh/config'), 0o600);
  const login = await loginOfHome(home, 'jack4');
  expect([login.hostKeyChecking, login.askHostKey, login.hashKnownHosts]).toEqual(['strict', ask, hash]);
  rmSync(home, { recursive: true });
});
