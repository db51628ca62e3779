import { HealError } from '../../core/errors.ts';
import type { Value } from '../../core/playbook.ts';
import { evaluateOn } from '../host/evaluate-on.ts';
import { flowIn, type HostRun } from '../host/host-run.ts';
import { beforeTask, waitForOthers } from '../host/host-scheduling.ts';
import type { Instance } from '../task/instance.ts';
import { meta } from '../task/meta.ts';
import { emptyLoop, type Outcome } from '../task/outcome.ts';
import { pause } from '../task/pause.ts';
import { isIgnored, recordOutcome } from '../task/record-outcome.ts';
import { runTask } from '../task/run-task.ts';
import { nameOf } from '../task/task-info.ts';
import { loopNeedsOthers, unfoldAt, waitsBefore } from './gather.ts';

/**
 * Runs a list of instances in order: asks missing questions in one program, decides, applies. True if
 * all succeeded; after the first failure that is not ignored the rest is left out.
 *
 * @param later - instances whose questions may be sent in the same programs: checks, and pending handlers
 * @param flush - runs the pending handlers, between two sections of a play and for `meta: flush_handlers`
 */
export async function runTaskList(
  run: HostRun,
  list: Instance[],
  later: () => readonly Instance[],
  flush: () => Promise<boolean> = async () => true,
): Promise<boolean> {
  const flow = flowIn(run, list);
  const failing = new Set<Instance['siblings']>();
  for (let index = 0; index < list.length && !run.over; index += 1) {
    const first = list[index];
    if (first === undefined || run.done.has(first)) continue;
    if (index > 0 && first.task.section !== list[index - 1]?.task.section && !flow.failed() && !(await flush()))
      return false;
    // Changes that the program of a task applied ahead are reported also if that task then failed its proof.
    if (flow.skips(first.task) && !run.made.has(first)) continue;
    await beforeTask(run, first);
    if (run.batch.stopped()) return false;
    const waitsFor = waitsBefore(run, list, index);
    let loop = unfoldAt(run, list, index, waitsFor);
    if (loop === 'unknown' && loopNeedsOthers(run, first, waitsFor) && (await waitForOthers(run, first))) {
      loop = unfoldAt(run, list, index, waitsFor);
    }
    if (loop === 'empty') {
      const outcome = { status: 'skipped', message: 'the list has no items', result: emptyLoop, enough: true } as const;
      recordOutcome(run, first, outcome, run.settings.now(), nameOf(run, first, waitsFor));
      continue;
    }
    const instance = list[index];
    if (instance === undefined) break;
    if (instance.task.module === meta.name) {
      if (!(await steer(run, instance, waitsFor, flush))) return false;
      continue;
    }
    const outcome =
      loop instanceof HealError
        ? failedLoop(run, instance, loop, nameOf(run, instance, waitsFor), flow.rescues(instance.task))
        : await runTask(run, list, index, later);
    if (outcome.status === 'failed' && !isIgnored(instance, outcome)) failing.add(instance.siblings);
    // As in Ansible, the other items of a loop still run.
    const { item } = instance;
    const wait = instance.task.loopControl?.pause;
    if (wait !== undefined && item !== undefined && item.index < item.count - 1 && !run.settings.check) {
      await pause(wait * 1000, run.settings.signal);
    }
    if (failing.has(instance.siblings) && (item === undefined || item.index === item.count - 1)) {
      flow.fail(instance.task);
      run.registers.set('ansible_failed_task', { name: nameOf(run, instance, waitsFor) });
      run.registers.set('ansible_failed_result', outcome.result as Value);
      if (flow.failed()) run.batch.fail(run.host.name);
    }
  }
  return !flow.failed();
}

/** A loop whose list can't be evaluated with the host's results. */
function failedLoop(
  run: HostRun,
  instance: Instance,
  { message, hint }: HealError,
  name: string,
  rescued: boolean,
): Outcome {
  const result = { changed: false, failed: true, skipped: false, msg: message };
  const outcome: Outcome = {
    status: 'failed',
    message: `loop: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    result,
    enough: true,
  };
  recordOutcome(run, instance, outcome, run.settings.now(), name, rescued);
  return outcome;
}

/** Runs a `meta` task, if its conditions are true. False if a handler that it ran failed. */
async function steer(
  run: HostRun,
  instance: Instance,
  waitsFor: ReadonlySet<string>,
  flush: () => Promise<boolean>,
): Promise<boolean> {
  run.done.add(instance);
  const evaluation = await evaluateOn(run, instance, waitsFor);
  if (evaluation.kind !== 'decided') return evaluation.kind !== 'failed';
  const action = evaluation.decision.result?.['action'];
  if (action === 'flush_handlers') return flush();
  if (action === 'end_host' || action === 'end_play') run.over = true;
  return true;
}
