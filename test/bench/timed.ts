import { spawn } from 'node:child_process';

/** How a command went. */
export interface Timed {
  /** Milliseconds from before it was started until its end was noticed. */
  readonly ms: number;
  /** When it was started and when its end was noticed: milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly stdout: string;
}

/** Runs a command to its end.
 * @throws Error with what it said where it does not end with 0 */
export function timed(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const now = () => performance.timeOrigin + performance.now();
    const from = now();
    const child = spawn(file, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let until = 0;
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('exit', () => {
      until = now();
    });
    child.on('close', (code) => {
      if (code === 0) resolve({ ms: until - from, from, until, stdout });
      else reject(new Error(`${file} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`));
    });
  });
}
