import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/core/connection.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { paces } from '../../src/ssh/fast-login.ts';
import { runsAllCases } from '../all-cases.ts';
import { startAgent } from './agent.ts';
import { loginOfHome } from './config-home.ts';
import { dials, loginAttempts, never, output, text } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import { makeKey, noSshd, type Sshd, startSshd } from './sshd.ts';

const { open, connect } = loginAttempts();

describe.skipIf(noSshd !== undefined)(`with a real sshd${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

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

  test('a missing key is distinguished from a wrong one', async () => {
    const { identityFile: _, ...login } = sshd.login();
    const error = await refusal(connect(login));
    expect(error.message).toMatch(/does not let \w+ in: there is no key to try$/);
    expect(error.hint).toBe('set identity_file, or start an agent');
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
