import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { ChannelResult, Connection, Frame } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import type { Sh } from '../core/sh.ts';
import { bootstrapCommand, newNonce, request, stopRequest } from '../shell/bootstrap.ts';
import { frameParser } from '../shell/frames.ts';
import type { ChannelUse } from './channel.ts';
import { collector } from './collector.ts';

/** How the control node's own shell is started. */
export interface LocalShell {
  /** Program and first arguments; default `sh`. */
  readonly argv?: readonly string[];
  /** Replaces the default PATH of programs. */
  readonly path?: string;
}

/**
 * A Connection to the control node itself, for `delegate_to: localhost`: the same shell is kept and the same programs
 * run as on a host, without a login. It requires a POSIX shell, so Windows is not supported.
 */
export async function connectHere(
  first: Sh,
  onFrame: (frame: Frame) => void,
  signal: AbortSignal,
  shell: LocalShell = {},
): Promise<Connection> {
  const [program = 'sh', ...args] = shell.argv ?? ['sh'];
  const bootstrap =
    shell.path === undefined ? bootstrapCommand : bootstrapCommand.replace(/PATH=[^ ]+/, `PATH=${shell.path}`);
  const child = spawn(program, [...args, '-c', bootstrap], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<Error>((resolve) => {
    child.once('error', (cause) => resolve(noShell(cause)));
    child.once('exit', () =>
      resolve(new HealError('unreachable', `the shell of the control node ended: ${stderr.text()}`)),
    );
  });
  const stderr = collector();
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  child.stdin.on('error', () => undefined);
  let roundTrips = -1;
  let turn: Promise<void> = Promise.resolve();

  const connection: Connection = {
    host: 'localhost',
    get roundTrips() {
      return roundTrips;
    },
    run: (text, told, stop, onSent) => {
      roundTrips += 1;
      turn = turn
        .catch(() => undefined)
        .then(() => {
          onSent?.();
          return runOne(child, ended, text, told, stop);
        });
      return turn;
    },
    load: (text) => {
      turn = turn
        .catch(() => undefined)
        .then(() => {
          if (child.stdin.writable) child.stdin.write(request('load', newNonce(), text));
        });
    },
    channel: (command, input, stop, output) => {
      const env = shell.path === undefined ? {} : { env: { PATH: shell.path } };
      return runApart(spawn(program, [...args, '-c', command.text], { stdio: ['pipe', 'pipe', 'pipe'], ...env }), {
        input,
        output,
        signal: stop,
      });
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
  await connection.run(first, onFrame, signal);
  return connection;
}

/** Runs one program in the kept shell. */
function runOne(
  child: ChildProcessWithoutNullStreams,
  ended: Promise<Error>,
  text: Sh,
  told: (frame: Frame) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const nonce = newNonce();
    const parser = frameParser(nonce);
    const settle = (error?: unknown): void => {
      child.stdout.off('data', hear);
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason);
      else if (error === undefined) resolve();
      else reject(error);
    };
    const hear = (chunk: Buffer): void => {
      try {
        for (const frame of parser.feed(chunk)) {
          if (frame.kind === 'end') settle();
          else told(frame);
        }
      } catch (error) {
        settle(error);
      }
    };
    const stop = (): void => {
      child.stdin.write(stopRequest(nonce));
    };
    child.stdout.on('data', hear);
    void ended.then(settle);
    signal.addEventListener('abort', stop, { once: true });
    child.stdin.write(request('run', nonce, text));
  });
}

/** A command in a process of its own, with a streamed input; an interrupt ends it. */
async function runApart(
  worker: ChildProcessWithoutNullStreams,
  { input, output, signal }: ChannelUse,
): Promise<ChannelResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const stop = (): void => {
    worker.kill();
    // Processes that it started may keep its output open.
    worker.stdout.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  worker.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  worker.stdin.on('error', () => undefined);
  const closed = new Promise<number | undefined>((resolve) => {
    worker.on('close', (code) => resolve(code ?? undefined));
    worker.on('error', () => resolve(undefined));
  });
  const read = async (): Promise<void> => {
    for await (const chunk of worker.stdout) await (output === undefined ? stdout.push(chunk) : output(chunk));
  };
  const write = async (): Promise<void> => {
    for await (const chunk of input ?? []) worker.stdin.write(chunk);
    worker.stdin.end();
  };
  try {
    await Promise.all([read(), write()]);
    return { code: await closed, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  } catch (error) {
    worker.kill();
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function noShell(cause: unknown): HealError {
  return new HealError('failed', 'the control node has no sh, so nothing can be delegated to it', {
    hint: 'run heal from Linux, macOS or WSL for this task',
    cause,
  });
}
