import { HealError } from '../../core/errors.ts';
import type { Variables } from '../../core/playbook.ts';
import type { Instance } from '../task/instance.ts';
import { needsOthers } from './evaluate-on.ts';
import { unlock } from './host-lock.ts';
import type { HostRun } from './host-run.ts';

/**
 * Waits until the host may start a task. Meanwhile it has no lock: another run may have those of the other hosts, and wait for
 * this one.
 */
export async function beforeTask(run: HostRun, { task }: Pick<Instance, 'task'>): Promise<void> {
  await run.batch.scheduler.beforeTask(run.host.name, task, () => waits(run));
  run.settings.signal.throwIfAborted();
}

/** Waits in the same way until all other hosts have finished the tasks before this one. False if they had. */
export async function waitForOthers(run: HostRun, { task }: Pick<Instance, 'task'>): Promise<boolean> {
  const waited = await run.batch.scheduler.waitForOthers(run.host.name, task, () => waits(run));
  run.settings.signal.throwIfAborted();
  return waited;
}

function waits(run: HostRun): void {
  unlock(run);
  run.settings.emit({ type: 'host-waiting', host: run.host.name });
}

/**
 * Waits until the results of other hosts are known that `changed_when`, `failed_when` and `until` of a task use.
 *
 * @param variablesNow with the result of the task
 */
export async function waitForConditions(
  run: HostRun,
  instance: Instance,
  variablesNow: () => Variables,
): Promise<void> {
  const { changedWhen, failedWhen, until } = instance.task;
  const conditions = [...changedWhen, ...failedWhen, ...(until === undefined ? [] : [until])];
  if (conditions.length === 0) return;
  const variables = variablesNow();
  for (const condition of conditions) {
    try {
      const met = condition.evaluate(variables);
      if (met.kind === 'pending' && needsOthers(met.names)) await waitForOthers(run, instance);
    } catch (error) {
      // The task reports it when it evaluates the condition.
      if (!(error instanceof HealError)) throw error;
    }
  }
}
