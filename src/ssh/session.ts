import type { Connection, Frame, Login } from '../core/connection.ts';
import type { Sh } from '../core/sh.ts';
import { newNonce, request, stopRequest } from '../shell/bootstrap.ts';
import { type FrameParser, frameParser } from '../shell/frames.ts';
import type { ShellStart } from '../shell/shell-start.ts';
import { kill, runChannel } from './channel.ts';
import { closeClient } from './close-client.ts';
import { collector } from './collector.ts';
import { interrupted, place, unreachable } from './faults.ts';
import type { LoggedIn } from './login.ts';
import { shellError } from './shell-error.ts';

/** Milliseconds that a program has to end after SIGTERM, and then after SIGKILL; then the connection is given up. */
const stopGrace = 3000;
const killGrace = 1000;

/** Bytes that a program may send after one of its frames was refused: more than the rest of any answer that heal asks for. */
const bytesAfterFaultAtMost = 64 * 1024 * 1024;

/** The program that the kept shell runs now. */
interface Running {
  readonly parser: FrameParser;
  readonly onFrame: (frame: Frame) => void;
  /** The first error that onFrame threw: the program continues, and its run then fails with this error. */
  fault: Error | undefined;
  /** Received since the fault. */
  bytesAfterFault: number;
  settle(error: Error | undefined): void;
}

/** A request that is waiting for its answer. */
export interface Request {
  readonly nonce: string;
  readonly onFrame: (frame: Frame) => void;
  readonly signal: AbortSignal;
  /** Called at the first output of the shell. */
  readonly alive?: () => void;
}

/**
 * The kept shell of a host. `first` has been sent, or is being sent: `unsent` is the rest of it.
 *
 * @returns the Connection, and a promise that resolves when `first` ends.
 */
export function keepShell(
  login: Login,
  { client, stream }: LoggedIn,
  start: ShellStart,
  first: Request,
  unsent: Buffer,
): { connection: Connection; first: Promise<void> } {
  const where = place(login.address, login.port);
  const stderr = collector();
  let running: Running | undefined;
  let exit: { code: number | undefined; signal: string | undefined } | undefined;
  let cause: Error | undefined;
  let lost: Error | undefined;
  let closing = false;
  let roundTrips = 0;
  let last: Promise<unknown> = Promise.resolve();

  const lose = (): void => {
    lost ??= closing
      ? unreachable(`the connection to ${where} was closed`)
      : exit !== undefined
        ? shellError(login, exit, stderr.text(), running?.parser.noise() ?? '')
        : unreachable(`the connection to ${where} was lost`, 'run it again: changes that were applied remain', cause);
    running?.settle(running.fault ?? lost);
    client.end();
  };
  client.on('error', (error: Error) => {
    cause ??= error;
  });
  client.on('close', lose);
  stream.on('error', () => {});
  const ended = (code: unknown, signal: unknown): void => {
    if (typeof code === 'number') exit ??= { code, signal: undefined };
    else if (typeof signal === 'string') exit ??= { code: undefined, signal };
  };
  stream.on('exit', ended);
  // A shell that ends at once has sent its exit code before a listener exists; the close event repeats it.
  stream.on('close', (code: unknown, signal: unknown) => {
    ended(code, signal);
    lose();
  });
  // A task's background child may keep the stream open for ever: the end of the shell's own output is enough.
  stream.on('end', () => setTimeout(lose, 100).unref());
  stream.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  stream.once('data', () => first.alive?.());
  stream.on('data', (chunk: Buffer) => {
    const program = running;
    if (program === undefined) return;
    try {
      for (const frame of program.parser.feed(chunk)) take(program, frame);
      if (program.fault === undefined) return;
      program.bytesAfterFault += chunk.length;
      if (program.bytesAfterFault > bytesAfterFaultAtMost) throw program.fault;
    } catch (error) {
      // This output cannot be read any further, so neither could the output of later programs.
      program.settle(error instanceof Error ? error : new Error(String(error)));
      giveUp('what it sent could not be read', error);
    }
  });

  function giveUp(why: string, error?: unknown): void {
    lost ??= unreachable(`the connection to ${where} was given up: ${why}`, undefined, error);
    kill(stream);
    lose();
  }

  function take(program: Running, frame: Frame): void {
    try {
      program.onFrame(frame);
    } catch (error) {
      program.fault ??= error instanceof Error ? error : new Error(String(error));
    }
    if (frame.kind === 'end') program.settle(program.fault);
  }

  function begin({ nonce, onFrame, signal }: Request, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (lost !== undefined) return reject(lost);
      if (signal.aborted) return reject(interrupted(`a program on ${where}`, signal));
      let timer: NodeJS.Timeout | undefined;
      const aborted = (): void => {
        // The kept shell sends the signal: sshd passes no signals to root's programs, nor to those that sudo started.
        stream.write(stopRequest(nonce));
        timer = setTimeout(() => {
          stream.write(stopRequest(nonce, 'KILL'));
          timer = setTimeout(() => giveUp('a program did not end'), killGrace);
        }, stopGrace);
      };
      const program: Running = {
        parser: frameParser(nonce),
        onFrame,
        fault: undefined,
        bytesAfterFault: 0,
        settle: (error) => {
          if (running !== program) return;
          running = undefined;
          clearTimeout(timer);
          signal.removeEventListener('abort', aborted);
          if (signal.aborted) reject(interrupted(`a program on ${where}`, signal));
          else if (error !== undefined) reject(error);
          else resolve();
        },
      };
      running = program;
      signal.addEventListener('abort', aborted, { once: true });
      stderr.clear();
      stream.write(bytes);
    });
  }

  const started = begin(first, unsent);
  last = started.catch(() => {});

  const connection: Connection = {
    host: login.name,
    get roundTrips() {
      return roundTrips;
    },
    run(program: Sh, onFrame, signal, onSent) {
      const result = last.then(() => {
        const nonce = newNonce();
        roundTrips += 1;
        onSent?.();
        return begin({ nonce, onFrame, signal }, request('run', nonce, program));
      });
      last = result.catch(() => {});
      return result;
    },
    load(text) {
      last = last.then(() => {
        if (lost === undefined && !closing) stream.write(request('load', newNonce(), text));
      });
    },
    async channel(command, input, signal, output) {
      if (lost !== undefined) throw lost;
      // For opening the channel, starting the shell, and the answer itself.
      roundTrips += 3;
      const result = await runChannel(client, start, command, { input, output, signal });
      if (result.code === undefined && lost !== undefined) throw lost;
      return result;
    },
    close() {
      closing = true;
      return closeClient(client, stream, running === undefined);
    },
  };
  return { connection, first: started };
}
