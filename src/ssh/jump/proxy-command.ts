import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { ProxyCommand } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { collector } from '../collector.ts';
import { interrupted } from '../faults.ts';

/** Milliseconds after the end of a command in which its last output arrives. */
const grace = 500;

/**
 * A connection over the stdin and stdout of a ProxyCommand (ssh_config(5)). It is resolved when the command was started; a
 * command that ends before it has printed anything, or fails later, ends the stream with an error that has its stderr.
 *
 * The command has no terminal and a process group of its own: Ctrl-C reaches heal only, which then ends its tasks over this
 * connection. Closing the stream ends the command with SIGHUP, as `ssh` does.
 *
 * @param host Name of the host in messages.
 */
export function dialCommand(host: string, proxy: ProxyCommand, signal: AbortSignal): Promise<Duplex> {
  if (signal.aborted) return Promise.reject(interrupted(`the ProxyCommand of ${host}`, signal));
  // "exec" because the shell has nothing to do afterwards (ssh_config(5)).
  const child = spawn(proxy.shell === undefined ? proxy.text : `exec ${proxy.text}`, {
    shell: proxy.shell ?? true,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: proxy.shell !== undefined,
    windowsHide: true,
  });
  const socket = new ProxySocket(child, (how, stderr) => {
    const said = stderr === '' ? '' : `: ${stderr}`;
    return new HealError('unreachable', `the ProxyCommand of ${host} ${how}${said}`, {
      at: proxy.at,
      hint: `run it manually: ${proxy.text}`,
    });
  });
  const aborted = (): void => void socket.destroy();
  signal.addEventListener('abort', aborted, { once: true });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => {
      reject(interrupted(`the ProxyCommand of ${host}`, signal));
    });
    child.once('spawn', () => {
      signal.removeEventListener('abort', aborted);
      socket.removeListener('error', reject);
      // For errors before ssh2 listens, and after it has stopped.
      socket.on('error', () => {});
      if (!signal.aborted) resolve(socket);
    });
  });
}

/** A program's stdin and stdout as one stream. */
class ProxySocket extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams, failure: (how: string, stderr: string) => Error) {
    super({ allowHalfOpen: false });
    this.#child = child;
    const stderr = collector();
    let printed = false;
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    child.stdout.on('data', (chunk: Buffer) => {
      printed = true;
      if (!this.push(chunk)) child.stdout.pause();
    });
    // Whether a write fails because the program has ended shows in its exit code and stderr, which come later.
    child.stdin.on('error', () => {});
    child.once('error', (cause) => this.destroy(failure(`cannot be started: ${cause.message}`, '')));
    child.once('exit', (code, killer) => {
      const ended = (): void => {
        const how = killer === null ? `ended with exit code ${code}` : `was killed by ${killer}`;
        if (code === 0 && printed) this.push(null);
        else this.destroy(failure(how, lastLine(stderr.text())));
      };
      // A process that the command left in the background (the master of ControlPersist) may keep stderr open.
      const timer = setTimeout(() => (child.stdout.readableEnded ? ended() : child.stdout.once('end', ended)), grace);
      child.once('close', () => {
        clearTimeout(timer);
        ended();
      });
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    const { stdin } = this.#child;
    // After an error the stream waits for the program's end.
    if (stdin.writable) stdin.write(chunk, (error) => error ?? done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { stdin, stdout, stderr } = this.#child;
    this.#child.kill('SIGHUP');
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
    // A program that ignores the signal does not keep heal from ending.
    this.#child.unref();
    done(error);
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
