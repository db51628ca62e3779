import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, Frame } from '../../src/core/connection.ts';
import type { HealError } from '../../src/core/errors.ts';
import { sh } from '../../src/shell/sh.ts';
import { type Connector, connector } from '../../src/ssh/connect.ts';
import type { Pace } from '../../src/ssh/fast-login.ts';
import { until } from '../until.ts';
import { loginOfHome } from './config-home.ts';
import { refusal } from './refusal.ts';
import { startRelay } from './relay.ts';
import { freePort, makeKey, noSshd, type Sshd, startSshd } from './sshd.ts';

const never = new AbortController().signal;

describe.skipIf(noSshd !== undefined)(
  `hosts behind a jump host${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`,
  () => {
    let one: Sshd;
    let two: Sshd;
    let target: Sshd;
    let home = '';
    beforeAll(async () => {
      [one, two, target] = await Promise.all([startSshd(), startSshd(), startSshd()]);
      home = mkdtempSync(join(tmpdir(), 'heal-jump-'));
      mkdirSync(join(home, '.ssh'));
      for (const { knownHosts } of [one, two, target]) {
        appendFileSync(join(home, '.ssh/known_hosts'), readFileSync(knownHosts));
      }
    });
    afterAll(() => {
      for (const sshd of [one, two, target]) sshd?.stop();
    });
    const connectors: Connector[] = [];
    const open: Connection[] = [];
    afterEach(async () => {
      await Promise.all(open.splice(0).map((connection) => connection.close()));
      await Promise.all(connectors.splice(0).map((made) => made.close()));
    });

    function newConnector(pace: Pace = 'kex'): Connector {
      const made = connector({ home, agentSocket: undefined, pace });
      connectors.push(made);
      return made;
    }

    /** A block of ~/.ssh/config for a server; further lines before it win. */
    function block(name: string, { port, key, login }: Sshd, ...first: string[]): string {
      const { user } = login();
      const rest = ['HostName 127.0.0.1', `Port ${port}`, `User ${user}`, `IdentityFile ${key}`];
      return [`Host ${name}`, ...first, ...rest, ''].join('\n  ');
    }

    /** Logs in to hosts by their names alone and gives what a program prints on each. */
    async function reach(connect: Connector, config: readonly string[], names: readonly string[], text = 'hello') {
      writeFileSync(join(home, '.ssh/config'), config.join('\n'));
      const said = names.map(async (name) => {
        const frames: Frame[] = [];
        const program = sh`x=${text}; printf '\n%s out - %s\n%s' "$N" "\${#x}" "$x" >&3`;
        const login = await loginOfHome(home, name);
        const connection = await connect(login, program, (frame) => frames.push(frame), never);
        open.push(connection);
        return frames.map((frame) => frame.body.toString()).join('');
      });
      return Promise.all(said);
    }

    const refusalBy = (config: readonly string[], name = 'jack'): Promise<HealError> =>
      refusal(reach(newConnector(), config, [name]));

    const loggedIn = (sshd: Sshd): number => sshd.log().match(/^Accepted publickey/gm)?.length ?? 0;

    test.each(['plain', 'kex'] as const)('share one login to it, and are logged in to at the pace %s', async (pace) => {
      const before = { one: loggedIn(one), dials: target.connections() };
      const connect = newConnector(pace);
      const config = [block('jump', one), block('jack*', target, 'ProxyJump jump')];
      const names = Array.from({ length: 12 }, (_, i) => `jack${i}`);
      expect(await reach(connect, config, names)).toEqual(names.map(() => 'hello'));
      expect(loggedIn(one) - before.one).toBe(1);
      // One connection each: what the fast login sends ahead went well.
      expect(target.connections() - before.dials).toBe(12);
      // A long program, and a later host, use the same login.
      const content = 'line\n'.repeat(500_000);
      expect((await reach(connect, config, ['jack99'], content))[0] === content).toBe(true);
      expect(loggedIn(one) - before.one).toBe(1);
    });

    test('are reached through two, listed in one ProxyJump or in that of the second', async () => {
      const hosts = [block('one', one), block('jack', target, 'ProxyJump one,two')];
      const before = [loggedIn(one), loggedIn(two)];
      expect(await reach(newConnector(), [...hosts, block('two', two, 'ProxyJump nobody')], ['jack'])).toEqual([
        'hello',
      ]);
      const nested = [block('one', one), block('two', two, 'ProxyJump one'), block('jack', target, 'ProxyJump two')];
      expect(await reach(newConnector(), nested, ['jack', 'two'])).toEqual(['hello', 'hello']);
      // Of the second time, "two" is both a jump host and a host of the inventory.
      expect([loggedIn(one), loggedIn(two)]).toEqual([(before[0] ?? 0) + 2, (before[1] ?? 0) + 3]);
    });

    test('are reached with only user, address and port', async () => {
      const { user } = one.login();
      const config = [`IdentityFile ${one.key}`, block('jack', target, `ProxyJump ${user}@127.0.0.1:${one.port}`)];
      expect(await reach(newConnector(), config, ['jack'])).toEqual(['hello']);
    });

    test('lose nothing when the run ends its login', async () => {
      const connect = newConnector();
      const ended = (): number => one.log().match(/^Received disconnect/gm)?.length ?? 0;
      const config = [block('jump', one), block('jack', target, 'ProxyJump jump')];
      await reach(connect, config, ['jack']);
      const before = ended();
      await Promise.all(open.splice(0).map((connection) => connection.close()));
      await connect.close();
      await until('the login to the jump host has ended', () => ended() === before + 1);
      expect(await reach(connect, config, ['jack'])).toEqual(['hello']);
    });

    test('report that their jump host was lost, and are reached again with a new login to it', async () => {
      const relay = await startRelay(one.port);
      try {
        const unchecked = 'StrictHostKeyChecking no';
        const config = [block('jump', one, `Port ${relay.port}`, unchecked), block('jack*', target, 'ProxyJump jump')];
        const connect = newConnector();
        const before = loggedIn(one);
        await reach(connect, config, ['jack1', 'jack2']);
        const runs = open.map((connection) => connection.run(sh`sleep 60`, () => {}, never));
        relay.cut();
        for (const run of await Promise.allSettled(runs)) {
          const error = run.status === 'rejected' ? run.reason : undefined;
          expect(error).toMatchObject({
            kind: 'unreachable',
            message: `the connection to 127.0.0.1 port ${target.port} was lost`,
            cause: { message: 'the connection to the jump host jump was lost' },
          });
        }
        expect(await reach(connect, config, ['jack3'])).toEqual(['hello']);
        expect(loggedIn(one) - before).toBe(2);
      } finally {
        relay.stop();
      }
    });

    test('name the hop that refuses the connection', async () => {
      const port = await freePort();
      const config = [block('jump', one, `Port ${port}`), block('jack', target, 'ProxyJump jump')];
      const error = await refusalBy(config);
      expect(error.kind).toBe('unreachable');
      expect(error.message).toBe(`jump host jump: connection refused by 127.0.0.1 port ${port}`);
      expect(error.hint).toBe('is sshd running there, and is this its port?');
    });

    test('name the hop that does not connect further', async () => {
      const port = await freePort();
      const behind = await refusalBy([block('jump', one), block('jack', target, `Port ${port}`, 'ProxyJump jump')]);
      expect(behind.message).toBe(`the jump host jump cannot connect to 127.0.0.1 port ${port}: Connection refused`);
      expect(behind.hint).toBe('does sshd run there? The address is looked up and connected to by jump');
      const second = [block('one', one), block('two', two, `Port ${port}`), block('jack', target, 'ProxyJump one,two')];
      expect((await refusalBy(second)).message).toBe(
        `jump host two: the jump host one cannot connect to 127.0.0.1 port ${port}: Connection refused`,
      );
    });

    test('name the hop that forwards nothing', async () => {
      const closed = await startSshd(['AllowTcpForwarding no']);
      try {
        appendFileSync(join(home, '.ssh/known_hosts'), readFileSync(closed.knownHosts));
        const error = await refusalBy([block('jump', closed), block('jack', target, 'ProxyJump jump')]);
        expect(error.message).toMatch(/^the jump host jump may not connect to 127\.0\.0\.1 port \d+: /);
        expect(error.hint).toBe('its sshd_config must allow it: AllowTcpForwarding, PermitOpen');
      } finally {
        closed.stop();
      }
    });

    test('check the keys of both: the hop is named if its own key is unknown or refused', async () => {
      const none = `UserKnownHostsFile ${join(home, 'none')}`;
      const jump = await refusalBy([block('jump', one, none), block('jack', target, 'ProxyJump jump')]);
      expect(jump.message).toMatch(
        /^jump host jump: the host key of 127\.0\.0\.1 port \d+ is unknown: ssh-ed25519 SHA256:/,
      );
      expect(jump.hint).toContain(`ssh-keyscan -t ed25519 -p ${one.port} 127.0.0.1 >> ${join(home, 'none')}`);
      const host = await refusalBy([block('jump', one), block('jack', target, 'ProxyJump jump', none)]);
      expect(host.message).toMatch(/^the host key of 127\.0\.0\.1 port \d+ is unknown: ssh-ed25519 SHA256:/);
      expect(host.hint).toContain(`echo '[127.0.0.1]:${target.port} ssh-ed25519 `);
      const key = makeKey(home, 'stranger', '-t', 'ed25519');
      const wrong = [block('jump', { ...one, key }), block('jack', target, 'ProxyJump jump')];
      expect((await refusalBy(wrong)).message).toMatch(
        /^jump host jump: 127\.0\.0\.1 port \d+ does not let \w+ in: tried /,
      );
    });
  },
);
