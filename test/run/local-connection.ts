import { spawn } from 'node:child_process';
import type { ChannelResult, Connection, Frame } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import type { Sh } from '../../src/core/sh.ts';
import { bootstrapCommand, newNonce, request } from '../../src/shell/bootstrap.ts';
import { frameParser } from '../../src/shell/frames.ts';

/** How the local shell is started, and what it may find. */
export interface LocalShell {
  /** Program and first arguments: `['dash']`, `['/tmp/applets/sh']`. */
  readonly argv: readonly string[];
  /** Replaces the PATH that the bootstrap sets: a folder of busybox applets alone. */
  readonly path?: string;
}

/**
 * A Connection to this very machine: the same bootstrap, the same programs, no SSH. What the engine sends is really
 * run, which is what its tests are about; logging in has tests of its own.
 */
export async function localConnection(
  shell: LocalShell,
  first: Sh,
  onFrame: (frame: Frame) => void,
): Promise<Connection & { readonly programs: readonly string[] }> {
  const text =
    shell.path === undefined ? bootstrapCommand : bootstrapCommand.replace(/PATH=[^ ]+/, `PATH=${shell.path}`);
  const [program = 'sh', ...args] = shell.argv;
  const child = spawn(program, [...args, '-c', text], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  child.stdin.on('error', () => undefined);
  const programs: string[] = [];
  let roundTrips = -1;
  let turn: Promise<void> = Promise.resolve();

  const runNow = (sent: Sh, told: (frame: Frame) => void, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      roundTrips += 1;
      programs.push(sent.text);
      const nonce = newNonce();
      const parser = frameParser(nonce);
      const settle = (error?: unknown): void => {
        child.stdout.off('data', onData);
        child.off('close', onClose);
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onData = (chunk: Buffer): void => {
        try {
          for (const frame of parser.feed(chunk)) {
            if (frame.kind === 'end') settle();
            else told(frame);
          }
        } catch (error) {
          settle(error);
        }
      };
      const onClose = (): void => settle(new HealError('unreachable', `the shell ended: ${stderr.trim()}`));
      const onAbort = (): void => {
        child.stdin.end();
        settle(signal.reason);
      };
      child.stdout.on('data', onData);
      child.on('close', onClose);
      signal.addEventListener('abort', onAbort);
      child.stdin.write(request('run', nonce, sent));
    });

  const connection = {
    host: 'here',
    programs,
    get roundTrips() {
      return roundTrips;
    },
    run: (sent: Sh, told: (frame: Frame) => void, signal: AbortSignal): Promise<void> => {
      turn = turn.catch(() => undefined).then(() => runNow(sent, told, signal));
      return turn;
    },
    channel: async (command: Sh, input: AsyncIterable<Uint8Array> | undefined): Promise<ChannelResult> => {
      const env = shell.path === undefined ? process.env : { ...process.env, PATH: shell.path };
      const worker = spawn(program, [...args, '-c', command.text], { stdio: ['pipe', 'pipe', 'pipe'], env });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      worker.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      worker.stderr.on('data', (chunk: Buffer) => err.push(chunk));
      worker.stdin.on('error', () => undefined);
      const closed = new Promise<number | undefined>((resolve) =>
        worker.on('close', (code) => resolve(code ?? undefined)),
      );
      for await (const chunk of input ?? []) worker.stdin.write(chunk);
      worker.stdin.end();
      return { code: await closed, stdout: Buffer.concat(out), stderr: Buffer.concat(err) };
    },
    close: async (): Promise<void> => {
      child.stdin.end();
      if (child.exitCode === null) await new Promise((resolve) => child.on('close', resolve));
    },
  };
  await connection.run(first, onFrame, new AbortController().signal);
  return connection;
}
