import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterEach } from 'vitest';
import type { Connection, Frame, Login } from '../../src/core/connection.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import type { Pace } from '../../src/ssh/fast-login.ts';
import { until } from '../until.ts';
import type { Sshd } from './sshd.ts';

/** A signal that is never sent. */
export const never = new AbortController().signal;

interface Options {
  readonly pace?: Pace;
  readonly home?: string;
  readonly agentSocket?: string;
  readonly signal?: AbortSignal;
}

/** What a test file logs in with. */
interface LoginAttempts {
  /** Connections that are closed after the test. */
  readonly open: Connection[];
  /** Logs in, and gives what the first program sent. */
  readonly connect: (login: Login, options?: Options) => Promise<{ connection: Connection; frames: Frame[] }>;
}

/** Registers the end of what a test opens, and returns how it logs in. */
export function loginAttempts(): LoginAttempts {
  const open: Connection[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });

  async function connect(
    login: Login,
    { pace = 'kex', home = '/nonexistent', agentSocket, signal = never }: Options = {},
  ): Promise<{ connection: Connection; frames: Frame[] }> {
    const frames: Frame[] = [];
    const connection = await connector({ home, agentSocket, pace })(
      login,
      hello,
      (frame) => frames.push(frame),
      signal,
    );
    open.push(connection);
    return { connection, frames };
  }
  return { open, connect };
}

const hello = sh`printf '\n%s hello - 5\nhello' "$N" >&3`;

/** The bodies of frames as one text. */
export const text = (frames: readonly Frame[]): string => frames.map((frame) => frame.body.toString()).join('');

/** What a program prints. */
export async function output(connection: Connection, program = sh`id -un`, signal = never): Promise<string> {
  const frames: Frame[] = [];
  const framed = sh`out=$(${program}); printf '\n%s out - %s\n%s' "$N" "\${#out}" "$out" >&3`;
  await connection.run(framed, (frame) => frames.push(frame), signal);
  return text(frames);
}

/** How many connections to the server an attempt makes. */
export async function dials(server: Sshd, attempt: () => Promise<unknown>): Promise<number> {
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
