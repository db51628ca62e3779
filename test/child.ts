import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runChild}. */
export interface ChildOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** After so many milliseconds it and all that it started is ended, and its last lines are the error. */
  readonly limitMs?: number;
}

/** Runs a program to its end, in a process group of its own that does not outlive the limit or this process. */
export function runChild(file: string, args: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  const { cwd, env, onOutput, limitMs = 90_000 } = options;
  const child: ChildProcess = spawn(file, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '', both: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      said.both = (said.both + text).slice(-20_000);
      onOutput?.(text, (signal) => child.kill(signal));
    });
  }
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  };
  process.once('exit', end);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      end();
      const last = said.both.trimEnd().split('\n').slice(-60).join('\n');
      reject(new Error(`${[file, ...args].join(' ')} did not end within ${limitMs / 1000} s; it said:\n${last}`));
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('exit', end);
      resolve({ code, stdout: said.stdout, stderr: said.stderr });
    });
  });
}
