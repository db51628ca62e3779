import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, Frame, Login } from '../../src/core/connection.ts';
import type { HealError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { type Pace, paces } from '../../src/ssh/fast-login.ts';
import { until } from '../until.ts';
import { refusal } from './refusal.ts';
import { makeKey, noPasswords, type Sshd, startSshd } from './sshd.ts';

const account = { user: 'healtest', password: 'open sesame' };
const never = new AbortController().signal;

const byPassword = ['PasswordAuthentication yes', 'UsePAM yes'];
const byQuestion = ['KbdInteractiveAuthentication yes', 'UsePAM yes'];

describe.skipIf(noPasswords !== undefined)(
  `a real sshd that takes passwords${noPasswords === undefined ? '' : ` (skipped: ${noPasswords})`}`,
  () => {
    const open: Connection[] = [];
    const servers: Sshd[] = [];
    let other = '';
    beforeAll(async () => {
      servers.push(await startSshd(byPassword, account), await startSshd(byQuestion, account));
      other = makeKey(servers[0]?.directory ?? '', 'other', '-t', 'ed25519');
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((connection) => connection.close()));
    });
    afterAll(() => {
      for (const sshd of servers) sshd.stop();
    });
    const server = (n: 0 | 1): Sshd => {
      const sshd = servers[n];
      if (sshd === undefined) throw new Error('no sshd');
      return sshd;
    };
    const start = async (config: readonly string[]): Promise<Sshd> => {
      const sshd = await startSshd(config, account);
      servers.push(sshd);
      return sshd;
    };

    /** A login without keys. */
    const keyless = (
      sshd: Sshd,
      password: string | undefined = account.password,
      changes: Partial<Login> = {},
    ): Login => ({
      ...sshd.login({ user: account.user, identityFiles: [], ...changes }),
      ...(password === undefined ? {} : { password: new Secret(password) }),
    });
    const withoutFile = ({ identityFile: _file, ...login }: Login): Login => login;

    async function whoami(login: Login, pace: Pace = 'kex'): Promise<string> {
      const frames: Frame[] = [];
      const program = sh`out=$(id -un); printf '\n%s out - %s\n%s' "$N" "\${#out}" "$out" >&3`;
      const connect = connector({ home: '/nonexistent', agentSocket: undefined, pace });
      open.push(await connect(login, program, (frame) => frames.push(frame), never));
      return frames.map((frame) => frame.body.toString()).join('');
    }
    const refusalOf = (login: Login, pace?: Pace): Promise<HealError> => refusal(whoami(login, pace));
    const failures = (sshd: Sshd): number =>
      sshd.log().match(/^Failed (password|keyboard-interactive)|^error: PAM: Authentication failure/gm)?.length ?? 0;

    test.each([
      ['method password', 0],
      ['keyboard-interactive', 1],
    ] as const)('%s lets the user in', async (_name, n) => {
      const sshd = server(n);
      expect(await whoami(withoutFile(keyless(sshd)))).toBe(account.user);
    });

    test.each(paces)('keys are tried first, and the password after a refused key (%s)', async (pace) => {
      for (const sshd of servers.slice(0, 2)) {
        const before = sshd.log().length;
        const connections = sshd.connections();
        expect(await whoami(keyless(sshd, account.password, { identityFile: other }), pace)).toBe(account.user);
        const found = /Failed publickey[\s\S]*Accepted (password|keyboard-interactive)/;
        await until('sshd has logged both', () => found.test(sshd.log().slice(before)));
        expect(sshd.connections() - connections).toBe(1);
      }
    });

    test('with a key that is accepted, the password is not sent', async () => {
      const sshd = server(0);
      const before = sshd.log().length;
      expect(await whoami(keyless(sshd, 'wrong one', { identityFile: sshd.key }))).toBe(account.user);
      expect(sshd.log().slice(before)).not.toMatch(/password for/);
    });

    test.each(['plain', 'kex'] as const)('a wrong one costs one attempt and is a plain error (%s)', async (pace) => {
      for (const sshd of servers.slice(0, 2)) {
        for (const identityFile of [undefined, other]) {
          const before = [failures(sshd), sshd.connections()];
          const login = keyless(sshd, 'wrong one', identityFile === undefined ? {} : { identityFile });
          const error = await refusalOf(identityFile === undefined ? withoutFile(login) : login, pace);
          expect(error.kind).toBe('unreachable');
          expect(error.message).toBe(
            `127.0.0.1 port ${sshd.port} refused the password of healtest${identityFile === undefined ? '' : `, and before that ${other}`}`,
          );
          expect(error.hint).toMatch(/^check the password, /);
          expect(JSON.stringify(error)).not.toContain('wrong one');
          expect(sshd.connections() - (before[1] ?? 0)).toBe(1);
          await until('sshd has logged it', () => failures(sshd) > (before[0] ?? 0));
          expect(failures(sshd) - (before[0] ?? 0)).toBe(1);
        }
      }
    });

    test('a server that requires a key and the password gets both', async () => {
      const sshd = await start([...byPassword, 'AuthenticationMethods publickey,password']);
      const login = keyless(sshd, account.password, { identityFile: sshd.key });
      expect(await whoami(login)).toBe(account.user);
      const wrong = await refusalOf({ ...login, password: new Secret('wrong one') });
      expect(wrong.message).toBe(`127.0.0.1 port ${sshd.port} refused the password of healtest, after it took the key`);
      const { password: _password, ...without } = login;
      const missing = await refusalOf(without);
      expect(missing.message).toMatch(
        / took the key of healtest, and requires a second authentication method as well \(password\)$/,
      );
      expect(missing.hint).toMatch(/^give the password \(--ask-pass\), or /);
    });

    test('a server that requires more after the password is named', async () => {
      const sshd = await start([...byPassword, 'AuthenticationMethods password,publickey']);
      const error = await refusalOf(withoutFile(keyless(sshd)));
      expect(error.message).toMatch(
        / took the password of healtest, and requires a second authentication method as well \(publickey\)$/,
      );
    });

    test('a server that accepts no password never gets one', async () => {
      const sshd = await start([]);
      const error = await refusalOf(withoutFile(keyless(sshd)));
      expect(error.message).toBe(
        `127.0.0.1 port ${sshd.port} does not let healtest in: there is no key to try; it accepts no password (it accepts publickey)`,
      );
      expect(failures(sshd)).toBe(0);
    });

    test('with checking off, a host whose key has changed gets no password, and a new one does', async () => {
      const sshd = server(0);
      const before = failures(sshd);
      const knownHostsFile = join(sshd.directory, 'changed_hosts');
      const line = `[127.0.0.1]:${sshd.port} ${readFileSync(`${other}.pub`, 'utf8')}`;
      writeFileSync(knownHostsFile, line);
      const login = withoutFile(keyless(sshd, account.password, { hostKeyChecking: 'off', knownHostsFile }));
      const error = await refusalOf(login);
      expect(error.message).toMatch(
        /there is no key to try; it is not sent the password, as its host key has changed$/,
      );
      expect(failures(sshd)).toBe(before);
      writeFileSync(knownHostsFile, '');
      expect(await whoami(login)).toBe(account.user);
    });

    test('the password is in no log of sshd', async () => {
      const sshd = server(0);
      await whoami(withoutFile(keyless(sshd)));
      expect(sshd.log()).not.toContain(account.password);
    });
  },
);
