import { overlaps, type Scope } from '../../core/scope.ts';
import { pendingAfter } from '../handlers/handlers.ts';
import { evaluateOn } from '../host/evaluate-on.ts';
import { flowIn, type HostRun, questionsOf } from '../host/host-run.ts';
import { isLinear } from '../playbook/scheduler.ts';
import { waitsBefore } from '../task-list/gather.ts';
import type { Instance } from './instance.ts';
import { meta } from './meta.ts';
import { partOf } from './steps.ts';
import { nameOf } from './task-info.ts';
import { type Decided, isFree, type Part, touchesOf } from './task-turn.ts';

/** Limits of shell text in bytes, and of tasks, for one program: its changes are reported at its end. */
const bytesAtMost = 512 * 1024;
const tasksAtMost = 50;

/**
 * The tasks after this one whose changes the same program can apply, which saves a round trip for each. The
 * conditions under which the result is the same as with one program for each task:
 *
 * - their changes are decided already, from answers that no change before them alters;
 * - they alter nothing that an earlier task's decision used, so that its proof is not disturbed;
 * - the exit codes show how the task before them ends: it does not settle, is not tried again, and has no
 *   `failed_when`. The program ends with the first change that fails.
 */
export async function applyAhead(run: HostRun, leader: Part): Promise<Part[]> {
  const { list, later } = leader.turn;
  // Another host may end this one before its next task, or change it by a delegated task.
  if (isLinear(run.play)) return [];
  const flow = flowIn(run, list);
  const parts: Part[] = [];
  const read = scopesOf(leader.decided);
  let last = leader;
  let bytes = bytesOf(leader.decided);
  for (let index = leader.turn.index + 1; index < list.length && endsByItsCode(last); index += 1) {
    const instance = list[index];
    if (instance === undefined) break;
    if (flow.skips(instance.task) || run.done.has(instance)) continue;
    // The pending handlers run between two sections.
    if (!isPlain(instance) || instance.task.section !== leader.turn.instance.task.section) break;
    const waitsFor = waitsBefore(run, list, index);
    const evaluation = await evaluateOn(run, instance, waitsFor);
    if (evaluation.kind === 'skipped') continue;
    if (evaluation.kind !== 'decided' || evaluation.decision.failed !== undefined) break;
    const { changes } = evaluation.decision;
    bytes += bytesOf(evaluation);
    if (bytes > bytesAtMost || parts.length >= tasksAtMost) break;
    if (changes.length > 0 && instance.module.readonly) break;
    if (changes.some(({ act }) => act.kind !== 'program')) break;
    if (overlaps(changes.flatMap(touchesOf), read)) break;
    read.push(...scopesOf(evaluation));
    if (changes.length === 0) continue;
    const turn = {
      instance,
      list,
      index,
      name: nameOf(run, instance, waitsFor),
      waitsFor,
      later,
      pending: pendingAfter(run, instance),
    };
    const first = [leader, ...parts].reduce((count, { steps }) => count + steps.length, 0);
    last = await partOf(run, turn, evaluation, first);
    parts.push(last);
  }
  return parts;
}

/** Whether the exit codes of its changes show how the task ends. */
function endsByItsCode({ turn: { instance }, decided }: Part): boolean {
  const { changes } = decided.decision;
  const isKnown = changes.every(
    (change) =>
      (change.act.kind === 'program' || change.act.kind === 'upload') &&
      change.settles === undefined &&
      !isFree(change),
  );
  return isKnown && isPlain(instance) && !instance.module.readonly;
}

/** Whether a task runs here, once, at its place in the list; its loop is unfolded, and no keyword changes its result. */
function isPlain({ task, item, phase, module }: Instance): boolean {
  return (
    (phase === 'task' || phase === 'handler') &&
    module.name !== meta.name &&
    (task.loop === undefined || item !== undefined) &&
    task.loopControl?.pause === undefined &&
    task.runOnce !== true &&
    task.delegateTo === undefined &&
    task.until === undefined &&
    task.failedWhen.length === 0 &&
    task.checkMode === undefined
  );
}

function scopesOf({ prepared }: Decided): Scope[] {
  return questionsOf(prepared.reads).flatMap(({ scopes }) => scopes);
}

function bytesOf({ decision }: Decided): number {
  return decision.changes.reduce((sum, { act }) => sum + act.script.text.length, 0);
}
