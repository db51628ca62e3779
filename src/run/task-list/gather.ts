import { HealError } from '../../core/errors.ts';
import type { Value } from '../../core/playbook.ts';
import type { Question } from '../../core/probe.ts';
import { namesGiven } from '../../project/variables/names.ts';
import { evaluateOn, needsOthers, variablesOf } from '../host/evaluate-on.ts';
import { flowIn, type HostRun, onlyPlans } from '../host/host-run.ts';
import { type Instance, unfold } from '../task/instance.ts';

/**
 * The results that an instance must wait for: those registered by unfinished instances before it in the list.
 * A name that was registered earlier counts too, if it will be registered again.
 */
export function waitsBefore(run: HostRun, list: readonly Instance[], index: number): Set<string> {
  const names = new Set<string>();
  const flow = flowIn(run, list);
  for (let position = 0; position < index; position += 1) {
    const other = list[position];
    // Called for each task of a list, in which most tasks before it are done.
    if (other === undefined || run.done.has(other) || flow.skips(other.task)) continue;
    for (const name of namesGiven(other.task)) names.add(name);
  }
  return names;
}

/**
 * Unfolds the loop at this index of the list, if its list of items is known. A loop without items is not unfolded: its
 * result exists when its turn comes. Returns a HealError if the list can't be evaluated.
 */
export function unfoldAt(
  run: HostRun,
  list: Instance[],
  index: number,
  waitsFor: ReadonlySet<string>,
): 'unfolded' | 'unknown' | 'empty' | HealError {
  const instance = list[index];
  if (instance?.task.loop === undefined || instance.item !== undefined) return 'unfolded';
  const { loop } = instance.task;
  const items = evaluatedOr(() => loop.evaluate(variablesOf(run, instance, waitsFor)));
  if (items instanceof HealError) return items;
  if (items.kind === 'pending') return 'unknown';
  const values: readonly Value[] = Array.isArray(items.value) ? items.value : [items.value];
  if (values.length === 0) return 'empty';
  list.splice(index, 1, ...unfold(instance, values));
  return 'unfolded';
}

/**
 * The questions to ask in the next program: those of all tasks from `from` up to and including the next one that
 * will change something (later answers may be outdated by then), and of every later task the questions that were never asked.
 * Guessed from the known answers of any age: a guess only decides what is asked, never what is changed.
 */
export async function gather(
  run: HostRun,
  list: Instance[],
  from: number,
  later: readonly Instance[],
): Promise<Question<unknown>[]> {
  const wanted = new Map<string, Question<unknown>>();
  let beforeNextChange = true;
  const waitsFor = waitsBefore(run, list, from);
  const flow = flowIn(run, list);

  const look = async (instance: Instance): Promise<void> => {
    if (instance.task.delegateTo !== undefined) return;
    if (run.done.has(instance) || (!beforeNextChange && instance.asked > 0)) return;
    const evaluation = await evaluateOn(run, instance, waitsFor);
    let changes = evaluation.kind === 'decided' && evaluation.decision.changes.length > 0;
    if (evaluation.kind === 'asks') {
      for (const question of evaluation.questions) {
        if (beforeNextChange || run.cache.last(question) === undefined) wanted.set(question.key, question);
      }
      if (evaluation.questions.every((question) => run.cache.last(question) === undefined)) return;
      const guess = await evaluateOn(run, instance, waitsFor, { guess: true });
      changes = guess.kind === 'decided' && guess.decision.changes.length > 0;
    }
    if (changes && !onlyPlans(run, instance.task)) beforeNextChange = false;
  };

  for (let index = from; index < list.length; index += 1) {
    const instance = list[index];
    if (instance === undefined || flow.skips(instance.task)) continue;
    if (!run.done.has(instance) && unfoldAt(run, list, index, waitsFor) !== 'unfolded') {
      for (const name of namesGiven(instance.task)) waitsFor.add(name);
      continue;
    }
    const unfolded = list[index];
    if (unfolded === undefined) break;
    await look(unfolded);
    if (!run.done.has(unfolded)) for (const name of namesGiven(unfolded.task)) waitsFor.add(name);
  }
  for (const instance of later) await look(instance);
  return [...wanted.values()];
}

/** Whether the list of a loop needs a result that another host has not got yet. */
export function loopNeedsOthers(run: HostRun, instance: Instance, waitsFor: ReadonlySet<string>): boolean {
  const items = evaluatedOr(() => instance.task.loop?.evaluate(variablesOf(run, instance, waitsFor)));
  return items !== undefined && 'kind' in items && items.kind === 'pending' && needsOthers(items.names);
}

/** A value evaluated with a host's results, or the reason why it can't be: that is a failure of the task, not of the run. */
function evaluatedOr<T>(evaluate: () => T): T | HealError {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof HealError) return error;
    throw error;
  }
}
