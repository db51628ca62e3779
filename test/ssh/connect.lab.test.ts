import { expect, test } from 'vitest';
import type { Frame, Login } from '../../src/core/connection.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { type Pace, paces } from '../../src/ssh/fast-login.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { slowLine } from '../lab/slow-line.ts';
import { startRelay } from './relay.ts';
import { testLogin } from './sshd.ts';

const never = new AbortController().signal;

function loginOf(host: LabHost, changes: Partial<Login> = {}): Login {
  const { name, address, port, user, identityFile, knownHostsFile } = host;
  return testLogin({ name, address, port, user, identityFile, knownHostsFile, ...changes });
}

/** Logs in, runs a first program, and leaves; calls `greeted` at the first frame of that program. */
async function logIn(login: Login, pace: Pace, greeted = () => {}): Promise<void> {
  const seen = (frame: Frame) => {
    if (frame.kind === 'hello') greeted();
  };
  const connect = connector({ home: '/nonexistent', agentSocket: undefined, pace });
  const connection = await connect(login, sh`printf '\n%s hello - 0\n' "$N" >&3`, seen, never);
  await connection.close();
}

const hosts = [{ name: 'new' }, { name: 'old', flavour: 'bookworm' as const }];

describeLab('logging in to Debian 13 and 12', { hosts }, (lab) => {
  for (const name of ['new', 'old']) {
    test.each(paces)(
      `${name}: at the pace %s, on one connection`,
      async (pace) => {
        const host = lab().host(name);
        const count = async () =>
          Number(
            (await host.exec("journalctl -o cat -t sshd -t sshd-session | grep -c '^Accepted' || true")).toString(),
          );
        const before = await count();
        await logIn(loginOf(host), pace);
        await expect.poll(count, { timeout: 5000 }).toBe(before + 1);
      },
      30_000,
    );

    test(`${name}: sending ahead needs half the round trips and less`, async () => {
      const host = lab().host(name);
      // So slow that neither side speaks while the other's words of the same round trip are still on their way.
      const line = await slowLine(lab(), host, { delayMs: 50 });
      try {
        const turns: Record<string, number> = {};
        for (const pace of ['plain', 'kex'] as const) {
          const relay = await startRelay(host.port, line.address);
          const login = loginOf(host, { address: '127.0.0.1', port: relay.port, hostKeyChecking: 'off' });
          await logIn(login, pace, () => {
            turns[pace] = relay.turns();
          });
          relay.stop();
        }
        expect((turns['kex'] ?? Number.NaN) * 2, JSON.stringify(turns)).toBeLessThan(turns['plain'] ?? Number.NaN);
      } finally {
        line.stop();
      }
    }, 60_000);
  }
});
