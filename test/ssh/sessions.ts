import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Connection, Frame, Login } from '../../src/core/connection.ts';
import type { Sh } from '../../src/core/sh.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { runs, until } from '../until.ts';
import { never } from './login-attempts.ts';
import { type Relay, startRelay } from './relay.ts';
import { type Sshd, startSshd } from './sshd.ts';

/** Takes whatever is sent, and does nothing. */
export const none = (): void => {};

/** What a program prints. */
export async function output(connection: Connection, program: Sh): Promise<string> {
  const frames: Frame[] = [];
  const framed = sh`out=$(${program}); printf '\n%s out - %s\n%s' "$N" "\${#out}" "$out" >&3`;
  await connection.run(framed, (frame) => frames.push(frame), never);
  return frames[0]?.body.toString() ?? '';
}

/** Bytes piece by piece, as the input of a channel. */
export async function* pieces(data: Buffer, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** Waits until a process is gone: those here would run for ten minutes. */
export const ends = (pid: number): Promise<void> => until(`process ${pid} has ended`, () => !runs(pid));

/** An sshd and a relay to it, with sessions of one test file. */
interface Sessions {
  readonly sshd: Sshd;
  readonly relay: Relay;
  /** Logs in through the relay; the connection is closed after the test. */
  readonly connect: (changes?: Partial<Login>, first?: Sh) => Promise<Connection>;
  /** A file in the server's directory, and what makes a program wait for it. */
  readonly marked: (name: string) => { readonly mark: string; readonly waits: Sh };
  /** The process id that a program writes down, and the promise of its end. */
  readonly sleeper: (connection: Connection, signal: AbortSignal) => Promise<{ pid: number; run: Promise<void> }>;
}

/** Registers the start and the end of an sshd with a relay to it, and returns them and what logs in there. */
export function sessions(): Sessions {
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

  function marked(name: string): { readonly mark: string; readonly waits: Sh } {
    const mark = join(sshd.directory, name);
    return { mark, waits: sh`until [ -e ${mark} ]; do sleep 0.1; done` };
  }

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

  return {
    get sshd() {
      return sshd;
    },
    get relay() {
      return relay;
    },
    connect,
    marked,
    sleeper,
  };
}
