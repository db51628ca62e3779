import type { Client, ClientChannel } from 'ssh2';
import type { ChannelOutput, ChannelResult } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import type { Sh } from '../core/sh.ts';
import { newNonce, request } from '../shell/bootstrap.ts';
import { joinSh, sh } from '../shell/sh.ts';
import type { ShellStart } from '../shell/shell-start.ts';
import { collector } from './collector.ts';
import { execPlainly } from './fast-login.ts';
import { interrupted, unreachable } from './faults.ts';
import { widenWindow } from './receive-window.ts';

/** Maximum size in bytes of a channel's output that is kept in memory. */
const outputLimit = 512 * 1024 * 1024;

/** Bytes kept of what precedes the command's own output, to search for the start of that output. */
const noiseLimit = 64 * 1024;

/** Input of a command, receiver of its output, and the signal that ends it. */
export interface ChannelUse {
  readonly input: AsyncIterable<Uint8Array> | undefined;
  readonly output: ChannelOutput | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs a command on a channel of its own, with `input` as its standard input. A shell like the kept one receives the command
 * before the input: so the command may have any length, the same user runs it, and `ps` does not show it.
 *
 * The command cannot tell an input that ended from one that was cut off: check a length or a checksum afterwards.
 */
export async function runChannel(
  client: Client,
  start: ShellStart,
  command: Sh,
  { input, output, signal }: ChannelUse,
): Promise<ChannelResult> {
  const what = 'a transfer';
  const nonce = newNonce();
  if (signal.aborted) throw interrupted(what, signal);
  const { stream } = await execPlainly(client, start.command).catch((error: unknown) => {
    throw unreachable('cannot open another channel to the host', 'does its sshd_config set MaxSessions?', error);
  });
  const stdout: Buffer[] = [];
  const stderr = collector(64 * 1024);
  const begins = Buffer.from(`\n${nonce} pipe\n`, 'latin1');
  let size = 0;
  let begun = false;
  let taken: Promise<void> = Promise.resolve();
  let code: number | undefined;
  let fault: Error | undefined;

  let over: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    over = resolve;
  });
  stream.on('close', over);
  client.once('close', over);
  const end = (error: Error): void => {
    fault ??= error;
    kill(stream);
    // sshd sends nothing more until the command has ended, which may take long.
    over();
  };
  const aborted = () => end(interrupted(what, signal));
  const take = (chunk: Buffer): void => {
    if (fault !== undefined || chunk.length === 0) return;
    size += chunk.length;
    if (output !== undefined) {
      stream.pause();
      taken = taken
        .then(() => output(chunk))
        .then(() => {
          stream.resume();
          widenWindow(stream);
        }, end);
    } else if (size <= outputLimit) stdout.push(chunk);
    else end(new HealError('failed', `the host sent more than ${outputLimit} bytes`));
  };
  // The command's own output starts after anything that the login shell's rc files print.
  let ahead = Buffer.alloc(0);
  if (output !== undefined) widenWindow(stream);
  stream.on('data', (chunk: Buffer) => {
    if (begun) return take(chunk);
    ahead = Buffer.concat([ahead, chunk]);
    const at = ahead.indexOf(begins);
    if (at < 0) {
      ahead = ahead.subarray(-noiseLimit);
      return;
    }
    begun = true;
    take(ahead.subarray(at + begins.length));
  });
  stream.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  stream.on('exit', (status: unknown) => {
    if (typeof status === 'number') code = status;
  });
  stream.on('error', () => {});
  if (signal.aborted) aborted();
  else signal.addEventListener('abort', aborted, { once: true });

  try {
    const head = Buffer.concat([
      start.ahead,
      request('pipe', nonce, joinSh([sh`printf '\n%s pipe\n' "$N"`, command], '\n')),
    ]);
    await Promise.all([closed, send(stream, head, input, closed).catch(end)]);
    await taken;
  } finally {
    signal.removeEventListener('abort', aborted);
    client.removeListener('close', over);
  }
  if (fault !== undefined) throw fault;
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.from(stderr.text()) };
}

/**
 * Ends a command and its channel. Closing the channel kills nothing, but ends the command's input and breaks its output;
 * signals reach its process group, but not everywhere (for root, OpenSSH 9.2 refuses to send any).
 */
export function kill(stream: ClientChannel): void {
  try {
    stream.signal('TERM');
    stream.signal('KILL');
    stream.close();
  } catch {
    // The connection is lost, so the signal cannot be sent.
  }
}

async function send(
  stream: ClientChannel,
  head: Buffer,
  input: AsyncIterable<Uint8Array> | undefined,
  closed: Promise<void>,
): Promise<void> {
  let open = true;
  void closed.then(() => {
    open = false;
  });
  stream.write(head);
  for await (const chunk of input ?? []) {
    if (!open) return;
    if (!stream.write(chunk)) await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), closed]);
  }
  if (open) stream.end();
}
