import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Waits until something holds, and looks every 20 ms at first, then less often: a look may start processes on a host, and many
 * looks would take the time of that which is waited for.
 *
 * @throws Error with `what` when it does not within the limit, which is for what never comes: it proves no duration
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  for (let pause = 20; !(await holds()); pause = Math.min(250, pause * 1.5)) {
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await wait(pause);
  }
}

/** Whether a process runs: one that ended and that nobody has collected does not. */
export function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    if (existsSync(`/proc/${pid}`)) throw error;
    return false;
  }
}
