import { HealError } from '../../core/errors.ts';
import type { Value } from '../../core/playbook.ts';
import { evaluateOn, variablesOf } from '../host/evaluate-on.ts';
import type { HostRun } from '../host/host-run.ts';
import type { Instance } from '../task/instance.ts';
import { emptyLoop, outcomeOf } from '../task/outcome.ts';
import { unfoldAt, waitsBefore } from './gather.ts';
import { prefetch } from './prefetch.ts';

/** Rounds of questions; each round serves one link of a chain of results. */
const roundsAtMost = 8;

/**
 * Reads the results that tasks without changes register, for checks and drills that use them. Tasks
 * that would change something, or are delegated to another host, are skipped: their results stay unknown.
 */
export async function prefetchResults(
  run: HostRun,
  tasks: readonly Instance[],
  later: readonly Instance[],
): Promise<void> {
  const list = tasks.filter((instance) => instance.task.register !== undefined);
  for (let round = 0; round < roundsAtMost; round += 1) {
    await prefetch(run, list, 0, later);
    let open = false;
    for (let index = 0; index < list.length; index += 1) {
      const waitsFor = waitsBefore(run, list, index);
      const loop = unfoldAt(run, list, index, waitsFor);
      const instance = list[index];
      const name = instance?.task.register;
      if (instance === undefined || name === undefined || run.done.has(instance)) continue;
      if (loop instanceof HealError || instance.task.delegateTo !== undefined) {
        run.done.add(instance);
        run.unknowable.add(name);
        continue;
      }
      if (loop === 'empty') {
        run.done.add(instance);
        run.registers.set(name, emptyLoop);
        continue;
      }
      const evaluation = await evaluateOn(run, instance, waitsFor);
      if (evaluation.kind === 'asks' || evaluation.kind === 'waits') {
        open = true;
        continue;
      }
      run.done.add(instance);
      const { decision } = evaluation.kind === 'decided' ? evaluation : { decision: undefined };
      if (decision === undefined || decision.changes.length > 0) {
        if (evaluation.kind === 'skipped') run.registers.set(name, { changed: false, failed: false, skipped: true });
        else run.unknowable.add(name);
        continue;
      }
      const { result } = outcomeOf(
        instance,
        { status: decision.failed === undefined ? 'ok' : 'failed', result: decision.result ?? {} },
        (given) => variablesOf(run, instance, waitsFor).with({ [name]: { kind: 'value', value: given as Value } }),
      );
      run.registers.set(name, result as Value);
    }
    if (!open) return;
  }
}
