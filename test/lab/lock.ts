import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Runs `work` while no other process on this machine holds the same lock file.
 *
 * The lock is flock(1)'s: the kernel frees it when its holder dies, so a killed suite never blocks the next. */
export async function withLock<T>(file: string, work: () => Promise<T>, limitSeconds = 300): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  // The holder lives as long as its standard input, which ends with this process however that ends.
  const name = `${process.pid} ${process.argv.slice(1).join(' ')}`.slice(0, 200);
  const hold = 'echo "$1" >"$0"; echo held; cat';
  const holder = spawn('flock', ['-w', String(limitSeconds), '-E', '75', file, 'sh', '-c', hold, file, name], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', (code) => {
      const why =
        code === 75 ? `is held since ${limitSeconds} s by ${readFileSync(file, 'utf8').trim()}` : `ended with ${code}`;
      reject(new Error(`flock ${file} ${why}`));
    });
    holder.stdout.once('data', () => resolve());
  });
  try {
    return await work();
  } finally {
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.stdin.end();
    await gone;
  }
}
