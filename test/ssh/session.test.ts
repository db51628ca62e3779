import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Frame } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import { sh } from '../../src/shell/sh.ts';
import { runs } from '../until.ts';
import { never } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import type { Relay } from './relay.ts';
import { ends, none, output, sessions } from './sessions.ts';
import { noSshd, type Sshd } from './sshd.ts';

describe.skipIf(noSshd !== undefined)(`a session${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  const own = sessions();
  const { connect, marked, sleeper } = own;
  let sshd: Sshd;
  let relay: Relay;
  beforeAll(() => {
    ({ sshd, relay } = own);
  });

  test('runs programs one after the other, in the order in which they were asked for', async () => {
    const connection = await connect();
    const order: string[] = [];
    const run = (name: string, delay: string) =>
      connection.run(
        sh`sleep ${delay}; printf '\n%s x %s 0\n' "$N" ${name} >&3`,
        (frame) => order.push(frame.id),
        never,
      );
    await Promise.all([run('a', '0.1'), run('b', '0'), run('c', '0')]);
    expect(order.filter((id) => id !== '-')).toEqual(['a', 'b', 'c']);
    expect(connection.roundTrips).toBe(3);
  });

  test('gives each frame when it arrives', async () => {
    const connection = await connect();
    const { mark, waits } = marked('first-came');
    const kinds: string[] = [];
    // The second one is only written when the first one has been read here.
    const program = sh`printf '\n%s a - 0\n' "$N" >&3; ${waits}; printf '\n%s b - 0\n' "$N" >&3`;
    const take = ({ kind }: Frame): void => {
      kinds.push(kind);
      if (kind === 'a') writeFileSync(mark, '');
    };
    await connection.run(program, take, never);
    expect(kinds).toEqual(['a', 'b', 'end']);
  });

  test('continues after a frame that its reader rejected', async () => {
    const connection = await connect();
    const bad = connection.run(
      sh`printf '\n%s a - 0\n' "$N" >&3; sleep 0.1`,
      (frame) => {
        if (frame.kind === 'a') throw new HealError('failed', 'bad answer');
      },
      never,
    );
    expect((await refusal(bad)).message).toBe('bad answer');
    expect(await output(connection, sh`echo fine`)).toBe('fine');
  });

  test('ends on a frame that is too large', async () => {
    const connection = await connect();
    const error = await refusal(connection.run(sh`printf '\n%s a - 99999999999\n' "$N" >&3`, none, never));
    expect(error.message).toBe('the host sent an answer of 99999999999 bytes; at most 67108864 are taken');
    const next = await refusal(connection.run(sh`:`, none, never));
    expect(next.message).toMatch(/^the connection to .* was given up: what it sent could not be read$/);
  });

  test('is not kept open by a child process in the background', async () => {
    const connection = await connect();
    let pid = 0;
    const program = sh`sleep 600 & printf '\n%s pid %s 0\n' "$N" $! >&3`;
    await connection.run(program, ({ kind, id }) => (pid = kind === 'pid' ? Number(id) : pid), never);
    expect(await output(connection, sh`echo next`)).toBe('next');
    // Without its clock a close can't give up waiting either.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      await connection.close();
    } finally {
      vi.useRealTimers();
    }
    expect(runs(pid)).toBe(true);
    process.kill(pid);
  });

  test('reports what was lost when the connection is lost', async () => {
    const connection = await connect();
    const { pid, run } = await sleeper(connection, never);
    relay.cut();
    const error = await refusal(run);
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(`the connection to 127.0.0.1 port ${relay.port} was lost`);
    expect(error.hint).toBe('run it again: changes that were applied remain');
    await ends(pid);
    const next = await refusal(connection.run(sh`:`, none, never));
    expect(next.message).toBe(error.message);
    expect((await refusal(connection.channel(sh`:`, undefined, never))).message).toBe(error.message);
  });

  test('reports how its shell ended', async () => {
    const connection = await connect();
    const error = await refusal(connection.run(sh`echo oops >&2; kill -9 0`, none, never));
    expect(error.message).toMatch(/^the shell of \w+ on 127\.0\.0\.1 port \d+ was killed by SIGKILL: oops$/);
  });

  test('is interrupted: the program ends, and the session stays', async () => {
    const connection = await connect();
    const abort = new AbortController();
    const { pid, run } = await sleeper(connection, abort.signal);
    abort.abort();
    const error = await refusal(run);
    expect(error.kind).toBe('interrupted');
    expect(error.message).toBe(`a program on 127.0.0.1 port ${relay.port} was interrupted`);
    await ends(pid);
    expect(await output(connection, sh`echo next`)).toBe('next');
  });

  test('ends a program that does not stop, by force', async () => {
    const connection = await connect();
    const abort = new AbortController();
    const program = sh`trap '' TERM; printf '\n%s begun - 0\n' "$N" >&3; exec sleep 600`;
    const run = connection.run(program, () => abort.abort(), abort.signal);
    expect((await refusal(run)).kind).toBe('interrupted');
    expect(await output(connection, sh`echo next`)).toBe('next');
  });

  test('does not start what was interrupted before', async () => {
    const connection = await connect();
    const mark = join(sshd.directory, 'begun');
    const error = await refusal(connection.run(sh`: >${mark}`, none, AbortSignal.abort()));
    expect(error.kind).toBe('interrupted');
    expect(await output(connection, sh`ls ${mark} 2>&1 | grep -c 'No such'`)).toBe('1');
  });

  test('closes without waiting for the host, and the shell there ends', async () => {
    const connection = await connect();
    const pid = Number(await output(connection, sh`echo $$`));
    expect(pid).toBeGreaterThan(1);
    await connection.close();
    await ends(pid);
  });

  test('closes twice without harm, and runs nothing then', async () => {
    const connection = await connect();
    await connection.close();
    await connection.close();
    expect((await refusal(connection.run(sh`:`, none, never))).kind).toBe('unreachable');
  });
});
