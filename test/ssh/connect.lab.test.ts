import { expect, test } from 'vitest';
import type { Frame, Login } from '../../src/core/connection.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { type Pace, paces } from '../../src/ssh/fast-login.ts';
import type { LabHost } from '../lab/host.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { slowLine } from '../lab/slow-line.ts';
import { testLogin } from './sshd.ts';

const never = new AbortController().signal;

function loginOf(host: LabHost, changes: Partial<Login> = {}): Login {
  const { name, address, port, user, identityFile, knownHostsFile } = host;
  return testLogin({ name, address, port, user, identityFile, knownHostsFile, ...changes });
}

/** Milliseconds from nothing to the first frame of the first program. */
async function timed(login: Login, pace: Pace): Promise<number> {
  const begun = performance.now();
  let first = 0;
  const seen = (frame: Frame) => {
    if (frame.kind === 'hello') first = performance.now() - begun;
  };
  const connect = connector({ home: '/nonexistent', agentSocket: undefined, pace });
  const connection = await connect(login, sh`printf '\n%s hello - 0\n' "$N" >&3`, seen, never);
  await connection.close();
  return first;
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
        await timed(loginOf(host), pace);
        await expect.poll(count, { timeout: 5000 }).toBe(before + 1);
      },
      30_000,
    );

    // A line so slow that what this machine does meanwhile is small beside it.
    test(`${name}: over a slow line, sending ahead halves the login and more`, async () => {
      const host = lab().host(name);
      const line = await slowLine(lab(), host, { delayMs: 100 });
      try {
        const best: Record<string, number> = {};
        for (const pace of paces) {
          const times: number[] = [];
          for (let i = 0; i < 3; i++) times.push(await timed(loginOf(host, { address: line.address }), pace));
          best[pace] = Math.round(Math.min(...times));
        }
        console.log(`${name}, 200 ms, from connect to the first frame: ${JSON.stringify(best)}`);
        expect((best['kex'] ?? 0) * 2).toBeLessThan(best['plain'] ?? 0);
      } finally {
        line.stop();
      }
    }, 60_000);
  }
});
