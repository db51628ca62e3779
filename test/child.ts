import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

/**
 * The only place of the tests that starts a process. Each process is the leader of a process group of its own, has a limit,
 * and is ended with its whole group at that limit or when the test process exits. The error at the limit has the command
 * line, the exit code and the last 60 lines that the process printed.
 */

/** How a program ended, and what it printed. */
export interface Ended {
  /** The exit code; null when it was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds that a program may take unless its caller says otherwise. */
export const usualLimitMs = 90_000;

/** Options of all functions here. */
interface Options extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** Milliseconds after which the program and all that it started are killed. Default: {@link usualLimitMs}. */
  readonly limitMs?: number;
}

/** Options of {@link runChild}. */
export interface ChildOptions extends Options {
  /** Called with each piece of output; `kill` sends the program a signal. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/**
 * Runs a program to its end, whatever its exit code.
 *
 * @throws Error when the program can't be started or does not end within the limit
 */
export async function runChild(file: string, args: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  const { onOutput } = options;
  const started = startChild(file, args, options);
  const { child } = started;
  if (onOutput !== undefined) {
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder('utf8');
      stream?.on('data', (bytes: Buffer) => onOutput(decoder.write(bytes), (signal) => child.kill(signal)));
    }
  }
  return await started.ended;
}

/** A program that runs beside the test. */
export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves with the first line that it prints on standard output; rejects when it ends before or prints none in time. */
  readonly firstLine: Promise<string>;
  /** Resolves when it ended. Rejects when it could not be started or did not end within the limit. */
  readonly ended: Promise<Ended>;
  /** Kills it and all that it started, and resolves when it is gone. */
  readonly stop: () => Promise<void>;
}

/** How each program that runs is ended. */
const running = new Set<() => void>();
process.once('exit', () => {
  for (const end of running) end();
});

/** Options of {@link startChild}. */
export interface StartOptions extends Options {
  /** `pipe`: the test writes to `child.stdin`. Otherwise the program reads an empty file. */
  readonly stdin?: 'pipe';
}

/** Starts a program that a test needs while it runs, such as a server; `limitMs` is the longest that it may live. */
export function startChild(file: string, args: readonly string[], options: StartOptions = {}): Started {
  const { cwd, env, limitMs = usualLimitMs, stdin = 'ignore' } = options;
  const child: ChildProcess = spawn(file, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
  });
  // A program may end without having read its input.
  child.stdin?.on('error', () => {});
  const said = { stdout: '', stderr: '', both: '' };
  const end = (): void => endGroup(child.pid);
  running.add(end);
  const ended = new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      end();
      reject(new Error(tooLong([file, ...args], limitMs, said.both)));
    }, limitMs);
    const over = (): void => {
      clearTimeout(timer);
      running.delete(end);
    };
    child.on('error', (error) => {
      over();
      reject(error);
    });
    child.on('close', (code) => {
      over();
      resolve({ code, stdout: said.stdout, stderr: said.stderr });
    });
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    for (const name of ['stdout', 'stderr'] as const) {
      const decoder = new StringDecoder('utf8');
      child[name]?.on('data', (bytes: Buffer) => {
        const text = decoder.write(bytes);
        said[name] += text;
        said.both = (said.both + text).slice(-20_000);
        const line = /^(.*)\n/.exec(said.stdout)?.[1];
        if (line !== undefined) resolve(line);
      });
    }
    ended.then(({ code }) => reject(new Error(failed([file, ...args], code, said.both))), reject);
  });
  // Whoever wants neither of them must not be failed by them.
  ended.catch(() => {});
  firstLine.catch(() => {});
  const stop = async (): Promise<void> => {
    end();
    await ended.catch(() => {});
  };
  return { child, pid: child.pid ?? 0, firstLine, ended, stop };
}

/** Options of {@link attemptSync} and {@link runSync}. */
export interface SyncOptions extends Options {
  readonly input?: string | Uint8Array;
}

/** What {@link attemptSync} answers; output as bytes. */
export interface EndedSync {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly pid: number;
}

/**
 * Runs a program to its end, whatever its exit code, and blocks meanwhile.
 *
 * @throws Error when the program can't be started or does not end within the limit
 */
export function attemptSync(file: string, args: readonly string[], options: SyncOptions = {}): EndedSync {
  const { limitMs = usualLimitMs, input, cwd, env } = options;
  const done = spawnSync(file, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    // Without input the program reads an empty file, never the terminal of whoever runs the tests.
    input: input ?? '',
    maxBuffer: 64 * 1024 * 1024,
    timeout: limitMs,
    killSignal: 'SIGKILL',
    detached: true,
  } as Parameters<typeof spawnSync>[2]);
  const error = done.error as NodeJS.ErrnoException | undefined;
  // A program may end without having read its input.
  if (error !== undefined && error.code !== 'EPIPE') {
    endGroup(done.pid);
    if (error.code === 'ETIMEDOUT') throw new Error(tooLong([file, ...args], limitMs, `${done.stdout}${done.stderr}`));
    throw error;
  }
  const { status: code, signal, pid } = done;
  return { code, signal, pid, stdout: Buffer.from(done.stdout), stderr: Buffer.from(done.stderr) };
}

/**
 * Runs a program that has to succeed, blocks meanwhile, and answers its standard output as text.
 *
 * @throws Error with the command line, the exit code and the last lines of output
 */
export function runSync(file: string, args: readonly string[], options: SyncOptions = {}): string {
  const { code, stdout, stderr } = attemptSync(file, args, options);
  if (code !== 0) throw new Error(failed([file, ...args], code, `${stdout}${stderr}`));
  return stdout.toString('utf8');
}

function tooLong(command: readonly string[], limitMs: number, said: string): string {
  return `${command.join(' ').slice(0, 2000)} did not end within ${limitMs / 1000} s and was killed; it printed:\n${lastLines(said)}`;
}

function failed(command: readonly string[], code: number | null, said: string): string {
  return `${command.join(' ').slice(0, 2000)} ended with ${code}; it printed:\n${lastLines(said)}`;
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-60).join('\n');
}

/** Kills a process group. One that has ended already is no error. */
function endGroup(pid: number | undefined): void {
  try {
    // Process group 0 would be our own.
    if (pid !== undefined && pid > 0) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
