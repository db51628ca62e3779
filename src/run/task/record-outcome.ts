import type { ChangeInfo, Status, TaskDone } from '../../core/event.ts';
import type { Value } from '../../core/playbook.ts';
import { namesGiven } from '../../project/variables/names.ts';
import { type HostRun, onlyPlans } from '../host/host-run.ts';
import { type Instance, loopVariables } from './instance.ts';
import { reported } from './no-log.ts';
import type { Outcome } from './outcome.ts';
import { describe } from './task-info.ts';

/** Counts the outcome, registers its result, notifies its handlers, and emits the event. */
export function recordOutcome(
  run: HostRun,
  instance: Instance,
  outcome: Outcome,
  startedAt: number,
  name: string,
  rescued = false,
): void {
  const { task } = instance;
  const ignored = isIgnored(instance, outcome);
  registerResult(run, instance, outcome);
  countTask(run, instance, outcome, rescued);
  const done: TaskDone = {
    type: 'task-done',
    host: run.host.name,
    task: describe(run, instance, name),
    status: outcome.status,
    changes: outcome.changes ?? [],
    ...(outcome.message === undefined ? {} : { message: outcome.message }),
    ...(outcome.hint === undefined ? {} : { hint: outcome.hint }),
    ...(outcome.output === undefined ? {} : { output: outcome.output }),
    result: outcome.result,
    ...(ignored ? { ignored } : {}),
    ms: run.settings.now() - startedAt,
  };
  run.settings.emit(reported(done, task));
}

/** Whether it failed and its task ignores the failure. */
export function isIgnored({ task }: Instance, outcome: Pick<Outcome, 'status' | 'ignored'>): boolean {
  return outcome.status === 'failed' && (task.ignoreErrors || outcome.ignored === true);
}

/** Marks it as finished and gives its result to the tasks after it. */
export function registerResult(
  run: HostRun,
  instance: Instance,
  outcome: Pick<Outcome, 'status' | 'result' | 'changes'>,
): void {
  const { task } = instance;
  run.done.add(instance);
  const unknowable =
    outcome.status === 'unknown' || (onlyPlans(run, task) && outcome.status === 'changed' && isFree(outcome));
  const facts = task.module === 'set_fact' ? outcome.result['facts'] : undefined;
  const given: Record<string, unknown> = {
    ...(typeof facts === 'object' && facts !== null ? facts : {}),
  };
  if (instance.item !== undefined) {
    const { status, result } = outcome;
    instance.siblings.push({ status, result, variables: loopVariables(instance) });
  }
  if (task.register !== undefined) given[task.register] = registered(instance, outcome);
  for (const name of namesGiven(task)) {
    if (unknowable) run.unknowable.add(name);
    else if (name in given) {
      run.unknowable.delete(name);
      run.registers.set(name, given[name] as Value);
    }
  }
}

/** A loop counts once, with its last item: as failed if one item failed, else as changed if one was changed. */
function countTask({ counts }: HostRun, instance: Instance, outcome: Outcome, rescued: boolean): void {
  const { item, siblings } = instance;
  if (item !== undefined && item.index < item.count - 1) return;
  const statuses = item === undefined ? [outcome.status] : siblings.map((sibling) => sibling.status);
  const order: readonly Status[] = ['failed', 'changed', 'unknown', 'ok'];
  const status = order.find((one) => statuses.includes(one)) ?? 'skipped';
  if (status === 'failed' && isIgnored(instance, { ...outcome, status })) {
    counts.ok += 1;
    counts.ignored += 1;
  } else if (status === 'failed' && rescued) {
    counts.rescued += 1;
  } else if (status === 'failed' && outcome.unreachable === true) {
    counts.unreachable += 1;
  } else if (status === 'changed') {
    // As in Ansible: a changed task counts as ok too.
    counts.ok += 1;
    counts.changed += 1;
  } else counts[status] += 1;
}

/** A loop registers the list of its items' results, each with the item (Ansible's `results`). */
function registered(instance: Instance, outcome: Pick<Outcome, 'result'>): Value {
  if (instance.item === undefined) return outcome.result;
  const siblings = instance.siblings.map((sibling) => sibling.result);
  return {
    results: instance.siblings.map(({ result, variables }) => ({
      ...result,
      ...variables,
      ansible_loop_var: instance.task.loopVar,
    })),
    changed: siblings.some((result) => result['changed'] === true),
    failed: siblings.some((result) => result['failed'] === true),
    skipped: siblings.every((result) => result['skipped'] === true),
  };
}

function isFree(outcome: Pick<Outcome, 'changes'>): boolean {
  return (outcome.changes ?? []).some((change: ChangeInfo) => !change.proven);
}
