import type { Instance } from '../task/instance.ts';
import { unlock } from './host-lock.ts';
import type { HostRun } from './host-run.ts';

/**
 * Waits until the host may start a task. Meanwhile it has no lock: another run may have those of the other hosts, and wait for
 * this one.
 */
export async function takeTurn(run: HostRun, { task }: Pick<Instance, 'task'>): Promise<void> {
  await run.batch.turns.turn(run.host.name, task, () => unlock(run));
  run.settings.signal.throwIfAborted();
}

/** Waits in the same way until all other hosts have finished the tasks before this one. False if they had. */
export async function catchUp(run: HostRun, { task }: Pick<Instance, 'task'>): Promise<boolean> {
  const waited = await run.batch.turns.catchUp(run.host.name, task, () => unlock(run));
  run.settings.signal.throwIfAborted();
  return waited;
}
