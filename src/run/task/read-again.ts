import type { Question } from '../../core/probe.ts';
import { lockAhead, lockOf } from '../host/host-lock.ts';
import { type HostRun, onlyPlans } from '../host/host-run.ts';
import type { TaskEvaluation } from './evaluate-task.ts';
import { type Instance, isCheck } from './instance.ts';

/** How often the answers to a task's questions may be inconsistent, before the task fails. */
const inconsistentAtMost = 3;

/**
 * Returns a function for one attempt at a task, which decides whether a failing evaluation is repeated with new answers:
 *
 * - Another run may be in the middle of its changes, so that a file which it writes next is missing. So a task that changes the
 *   host acquires the lock before it fails, and if another run had the lock, everything is read again.
 * - If a program writes a file between two questions about it, their answers are inconsistent.
 */
export function readsAgain(run: HostRun, instance: Instance): (evaluation: TaskEvaluation) => Promise<boolean> {
  let inconsistentTimes = 0;
  return async (evaluation) => {
    const decision = evaluation.kind === 'decided' ? evaluation.decision : undefined;
    if (evaluation.kind !== 'failed' && decision?.failed === undefined) return false;
    if (questionsAsked(run, instance).length === 0) return false;
    const lock = changesHost(run, instance) ? lockOf(run) : undefined;
    if (lock !== undefined && (await lockAhead(run, lock))) return true;
    if (decision?.inconsistent !== true) return false;
    forgetAnswers(run, instance);
    inconsistentTimes += 1;
    return inconsistentTimes < inconsistentAtMost;
  };
}

/** Removes the answers to an instance's questions, so that they are asked again. */
export function forgetAnswers(run: HostRun, instance: Instance): void {
  for (const question of questionsAsked(run, instance)) run.cache.forget(question);
}

/** The questions of the first round; none if the inputs of the task have no values. */
function questionsAsked(run: HostRun, instance: Instance): Question<unknown>[] {
  const prepared = run.prepared.get(instance);
  if (prepared === undefined || 'kind' in prepared) return [];
  const reads = instance.module.reads(prepared.args, () => undefined, prepared.input);
  return Object.values(reads).filter((question) => question !== undefined);
}

function changesHost(run: HostRun, instance: Instance): boolean {
  return !instance.module.readonly && !isCheck(instance) && !onlyPlans(run, instance.task);
}
