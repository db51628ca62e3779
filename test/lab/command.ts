import { execFile, spawnSync } from 'node:child_process';

/** What a finished command said. `code` is 137 when it ran out of time, 127 when it could not run. */
export type CommandResult = { code: number; stdout: string; stderr: string };

/** Options of {@link run}; times in milliseconds. */
export type CommandOptions = {
  input?: string | Buffer;
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
};

/** Runs a program to its end and answers its exit code and output; never throws for a code other than 0. */
export function attempt(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      {
        maxBuffer: 64 << 20,
        timeout: options.timeoutMs ?? 0,
        killSignal: 'SIGKILL',
        env: options.env ?? process.env,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr });
        resolve({ code: error.killed ? 137 : 127, stdout, stderr: stderr || error.message });
      },
    );
    // A program that ends without reading its input is no error of ours.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** Runs a program and answers its standard output.
 * @throws Error with the command line, the exit code and the end of standard error. */
export async function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(file, args, options);
  if (result.code !== 0) throw new Error(failure([file, ...args].join(' '), result));
  return result.stdout;
}

/** Like {@link attempt} but blocking: the take-down must also work while the process is about to exit. */
export function attemptSync(file: string, args: readonly string[]): CommandResult {
  const done = spawnSync(file, [...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  return { code: done.status ?? 127, stdout: done.stdout ?? '', stderr: done.stderr ?? String(done.error ?? '') };
}

/** The sentence that tells how a command failed, with the end of what it said. */
export function failure(command: string, result: CommandResult): string {
  const said = `${result.stdout}\n${result.stderr}`.trim().slice(-2000);
  return `${command.slice(0, 500)} ended with ${result.code}: ${said}`;
}
