import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Connection, Frame, Login } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import type { Sh } from '../../src/core/sh.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { runs, until } from '../until.ts';
import { type Relay, startRelay } from './relay.ts';
import { noSshd, type Sshd, startSshd } from './sshd.ts';

const never = new AbortController().signal;
const none = (): void => {};

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
async function output(connection: Connection, program: Sh): Promise<string> {
  const frames: Frame[] = [];
  const framed = sh`out=$(${program}); printf '\n%s out - %s\n%s' "$N" "\${#out}" "$out" >&3`;
  await connection.run(framed, (frame) => frames.push(frame), never);
  return frames[0]?.body.toString() ?? '';
}

async function* pieces(data: Buffer, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** Waits until a process is gone: those here would run for ten minutes. */
const ends = (pid: number): Promise<void> => until(`process ${pid} has ended`, () => !runs(pid));

describe.skipIf(noSshd !== undefined)(`a session${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let sshd: Sshd;
  let relay: Relay;
  const open: Connection[] = [];
  beforeAll(async () => {
    sshd = await startSshd();
    relay = await startRelay(sshd.port);
    const key = readFileSync(`${sshd.hostKeys.ed25519}.pub`, 'utf8');
    writeFileSync(sshd.knownHosts, `[127.0.0.1]:${relay.port} ${key}`, { flag: 'a' });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });
  afterAll(() => {
    relay?.stop();
    sshd?.stop();
  });

  async function connect(changes: Partial<Login> = {}, first = sh`:`): Promise<Connection> {
    const login = sshd.login({ port: relay.port, ...changes });
    const connection = await connector({ home: '/nonexistent', agentSocket: undefined })(login, first, none, never);
    open.push(connection);
    return connection;
  }

  /** A file in the server's directory, and what makes a program wait for it. */
  function marked(name: string): { readonly mark: string; readonly waits: Sh } {
    const mark = join(sshd.directory, name);
    return { mark, waits: sh`until [ -e ${mark} ]; do sleep 0.1; done` };
  }

  /** The process id that a program writes down, and the promise of its end. */
  async function sleeper(connection: Connection, signal: AbortSignal): Promise<{ pid: number; run: Promise<void> }> {
    let told: (pid: number) => void = none;
    const pid = new Promise<number>((resolve) => {
      told = resolve;
    });
    const run = connection.run(
      sh`
        sleep 600 &
        trap 'kill $!; exit 3' TERM
        printf '\n%s pid %s 0\n' "$N" $! >&3
        wait
      `,
      (frame) => {
        if (frame.kind === 'pid') told(Number(frame.id));
      },
      signal,
    );
    run.catch(none);
    return { pid: await pid, run };
  }

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

  describe('on a separate channel', () => {
    /** A command that neither reads nor writes, so that it does not notice that nobody is there; gives its process id. */
    function longOne(name: string): { readonly command: Sh; readonly begun: () => Promise<number> } {
      const file = join(sshd.directory, name);
      const said = () => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
      const begun = async (): Promise<number> => {
        await until('the command has begun', () => said() !== '');
        return Number(said());
      };
      return { command: sh`echo $$ >${file}; exec sleep 600`, begun };
    }

    test('accepts and gives any bytes', async () => {
      const connection = await connect();
      const data = randomBytes(6_000_000);
      const result = await connection.channel(sh`cat; echo done >&2; exit 4`, pieces(data), never);
      expect(result.code).toBe(4);
      expect(result.stdout.equals(data)).toBe(true);
      expect(result.stderr.toString()).toBe('done');
      expect(connection.roundTrips).toBe(3);
    });

    test('gives its output piece by piece, and waits for each', async () => {
      const connection = await connect();
      const hash = createHash('sha256');
      let size = 0;
      let busy = false;
      const take = async (chunk: Buffer): Promise<void> => {
        expect(busy).toBe(false);
        busy = true;
        await new Promise((resolve) => setImmediate(resolve));
        busy = false;
        hash.update(chunk);
        size += chunk.length;
      };
      const data = randomBytes(6_000_000);
      const result = await connection.channel(sh`cat; exit 4`, pieces(data), never, take);
      expect(result.code).toBe(4);
      expect(result.stdout.length).toBe(0);
      expect(size).toBe(data.length);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
    });

    test('fails when the consumer of its output fails', async () => {
      const connection = await connect();
      const take = () => Promise.reject(new HealError('failed', 'the disk is full'));
      const ended = refusal(connection.channel(sh`cat /dev/zero`, undefined, never, take));
      expect((await ended).message).toBe('the disk is full');
    });

    test('continues while a program runs', async () => {
      const connection = await connect();
      const { mark, waits } = marked('channel-ended');
      const run = output(connection, sh`${waits}; echo slow`);
      const data = randomBytes(100_000);
      const { stdout } = await connection.channel(sh`sha256sum`, pieces(data), never);
      expect(stdout.toString()).toBe(`${createHash('sha256').update(data).digest('hex')}  -\n`);
      writeFileSync(mark, '');
      expect(await run).toBe('slow');
    });

    test('has no input if none is given, and a command may be long', async () => {
      const connection = await connect();
      const long = 'x'.repeat(300_000);
      const { stdout, code } = await connection.channel(sh`cat; printf %s ${long} | wc -c`, undefined, never);
      expect(stdout.toString().trim()).toBe('300000');
      expect(code).toBe(0);
    });

    test('stops reading its input when the command has ended', async () => {
      const connection = await connect();
      let given = 0;
      async function* endless(): AsyncGenerator<Buffer> {
        for (;;) {
          given += 1;
          yield Buffer.alloc(100_000);
        }
      }
      const { code } = await connection.channel(sh`head -c 10 >/dev/null; exit 6`, endless(), never);
      expect(code).toBe(6);
      expect(given).toBeLessThan(200);
    });

    test('is interrupted', async () => {
      const connection = await connect();
      const abort = new AbortController();
      const { command, begun } = longOne('to-interrupt');
      const ended = refusal(connection.channel(command, undefined, abort.signal));
      const pid = await begun();
      abort.abort();
      const error = await ended;
      process.kill(pid);
      expect(error.kind).toBe('interrupted');
      expect(error.message).toBe('a transfer was interrupted');
    });

    test('fails when the source of its input fails', async () => {
      const connection = await connect();
      async function* broken(): AsyncGenerator<Buffer> {
        yield Buffer.from('x');
        throw new HealError('error', 'cannot read');
      }
      expect((await refusal(connection.channel(sh`cat`, broken(), never))).message).toBe('cannot read');
    });

    test('reports when the connection is lost', async () => {
      const connection = await connect();
      const { command, begun } = longOne('to-cut');
      const ended = refusal(connection.channel(command, undefined, never));
      const pid = await begun();
      relay.cut();
      expect((await ended).message).toMatch(/was lost$/);
      process.kill(pid);
    });
  });

  describe.skipIf(process.getuid?.() !== 0 || !existsSync('/usr/bin/sudo'))('with sudo', () => {
    const become = { become: true, becomeUser: 'nobody' };

    test('is the other user, in programs and channels', async () => {
      const connection = await connect(become);
      expect(await output(connection, sh`id -un; umask; echo "$LC_ALL"`)).toBe('nobody\n0077\nC');
      const { stdout } = await connection.channel(sh`id -un; cat`, pieces(Buffer.from('input')), never);
      expect(stdout.toString()).toBe('nobody\ninput');
    });

    test('is not used to become the login user', async () => {
      const connection = await connect({ become: true, becomeUser: 'root' });
      expect(await output(connection, sh`echo "\${SUDO_USER-none}"`)).toBe('none');
    });

    test('is interrupted', async () => {
      const connection = await connect(become);
      const abort = new AbortController();
      const { pid, run } = await sleeper(connection, abort.signal);
      abort.abort();
      expect((await refusal(run)).kind).toBe('interrupted');
      await ends(pid);
      expect(await output(connection, sh`echo next`)).toBe('next');
    });

    test('ends its program when the connection is lost', async () => {
      const connection = await connect(become);
      const { pid, run } = await sleeper(connection, never);
      relay.cut();
      await refusal(run);
      await ends(pid);
    });
  });

  test.each([
    ['wants a password', 'sudo: a password is required', 1, 'sudo says a password is required', /NOPASSWD/],
    ['wants a terminal', 'sudo: sorry, you must have a tty to run sudo', 1, 'sudo says sorry, you must', /!requiretty/],
    ['does not know the user', 'sudo: unknown user nobody2', 1, 'sudo says unknown user nobody2', /with sudo\?$/],
    ['is not there', 'sh: 1: sudo: not found', 127, 'there is no sudo', /^install sudo$/],
  ])('that sudo %s is reported', async (_, stderr, code, message, hint) => {
    const other = await startSshd([`ForceCommand echo "${stderr}" >&2; exit ${code}`]);
    try {
      const find = connector({ home: '/nonexistent', agentSocket: undefined });
      const error = await refusal(find(other.login({ become: true, becomeUser: 'nobody' }), sh`:`, none, never));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(/^\w+ cannot become nobody on 127\.0\.0\.1 port \d+: /);
      expect(error.message).toContain(message);
      expect(error.hint).toMatch(hint);
    } finally {
      other.stop();
    }
  });
});
