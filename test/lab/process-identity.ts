import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A process by number and start time (clock ticks since boot), for numbers are used again. */
export type ProcessIdentity = { pid: number; started: string };

/** Who has this number now; undefined when nobody has, or only a zombie that its parent has not collected yet. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may itself hold spaces and parentheses: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const started = fields[19];
    return fields[0] === 'Z' || fields[0] === 'X' || started === undefined ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** The direct children of a process, over all its threads' worth of forks by its main thread. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Sends KILL to exactly this process, and to nobody who got its number since. */
export function killExactly(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}

/** Waits until the process is gone; answers whether it is. Blocking, for the take-down at exit. */
export function waitGoneSync(identity: ProcessIdentity, timeoutMs: number): boolean {
  const until = Date.now() + timeoutMs;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (isAlive(identity)) {
    if (Date.now() > until) return false;
    Atomics.wait(cell, 0, 0, 10);
  }
  return true;
}

/** Waits until `check` answers something, asking every `everyMs`; undefined after `timeoutMs`. */
export async function poll<T>(
  check: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  everyMs = 50,
): Promise<T | undefined> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined) return answer;
    if (Date.now() > until) return undefined;
    await wait(everyMs);
  }
}
