import { HealError } from '../../core/errors.ts';
import { endOf, failedBy, orFailed } from '../task/ended.ts';
import type { Ended } from '../task/outcome.ts';
import type { TaskTurn } from '../task/task-turn.ts';
import { evaluateWhen } from '../task/when.ts';
import { variablesOf } from './evaluate-on.ts';
import { unlock } from './host-lock.ts';
import type { Delegate, HostRun } from './host-run.ts';

/**
 * Runs an attempt at a task on the host that the task is delegated to. Variables, facts and results are those of `run`, as in
 * Ansible. A task whose `when` is false needs no such host.
 *
 * @throws HealError of kind `unreachable` if that host can't be reached
 */
export async function runDelegated(
  run: HostRun,
  { instance, waitsFor }: TaskTurn,
  attempt: (delegated: HostRun) => Promise<Ended>,
): Promise<Ended> {
  const { task } = instance;
  let name: string;
  try {
    const variables = variablesOf(run, instance, waitsFor);
    const { isFalse } = evaluateWhen(task, variables);
    if (isFalse !== undefined) return { status: 'skipped', message: isFalse };
    const target = task.delegateTo?.evaluate(variables);
    if (target?.kind !== 'value') return endOf(run, { kind: 'waits', names: target?.names ?? [] });
    name = target.value;
  } catch (error) {
    if (!(error instanceof HealError)) throw error;
    return failedBy(error);
  }
  run.delegated.set(instance, name);
  return orFailed(() => onDelegate(run, name, attempt));
}

/** Like a host that waits for others, `run` has no lock meanwhile. */
async function onDelegate(run: HostRun, name: string, attempt: (delegated: HostRun) => Promise<Ended>): Promise<Ended> {
  let delegate: Delegate | undefined;
  try {
    delegate = await run.delegate(name);
    const { connection, cache, line, setup, runExclusive } = delegate;
    if (line !== undefined) unlock(run);
    const delegated = { ...run, connection, cache, line, setup: setup ?? run.setup, delegatedBy: run, queued: [] };
    return await runExclusive(async () => {
      try {
        return await attempt(delegated);
      } finally {
        unlock(delegated);
      }
    });
  } catch (error) {
    if (!(error instanceof HealError) || error.kind !== 'unreachable') throw error;
    delegate?.disconnected();
    const { message, hint, cause } = error;
    throw new HealError('unreachable', `delegated to ${name}: ${message}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
