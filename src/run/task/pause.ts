import { setTimeout as sleep } from 'node:timers/promises';
import { HealError } from '../../core/errors.ts';

/** Waits this number of milliseconds. Rejects with an `interrupted` HealError if the run is interrupted meanwhile. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (cause) {
    throw new HealError('interrupted', 'interrupted while waiting', { cause });
  }
}
