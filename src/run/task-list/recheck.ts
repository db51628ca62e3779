import type { Question } from '../../core/probe.ts';
import { overlaps } from '../../core/scope.ts';
import { exchange } from '../host/exchange.ts';
import { type HostRun, questionsOf } from '../host/host-run.ts';
import { decide } from '../task/evaluate-task.ts';
import { type Instance, infoOf } from '../task/instance.ts';
import { pause } from '../task/pause.ts';
import { nameOf } from '../task/task-info.ts';
import { gather } from './gather.ts';

/** How often a state that is no longer correct is read again, with a pause before each time, until it counts as undone. */
const attempts = 5;

/**
 * After a run that changed something, all tasks are asked again: a state that is no longer correct was undone by a later
 * task, and the two would change the host on every run. Both names are reported. If the `always` or `rescue` of a block undoes
 * the block's tasks, this is intended. The checks' questions are sent in the same program.
 *
 * @returns whether the states of all tasks are still correct
 */
export async function recheck(run: HostRun, checks: Instance[]): Promise<boolean> {
  const { signal, emit, recheckPause = 1000 } = run.settings;
  const kept = run.kept.filter(({ instance }) => instance.phase === 'task' && instance.task.delegateTo === undefined);
  const wanted = new Map<string, Question<unknown>>();
  for (const { prepared } of kept) {
    for (const question of questionsOf(prepared.reads)) {
      if (run.cache.fresh(question) === undefined) wanted.set(question.key, question);
    }
  }
  for (const question of await gather(run, checks, 0, [])) wanted.set(question.key, question);
  if (wanted.size > 0) {
    const { answers } = await exchange(
      run.connection,
      { acts: [], before: run.queued.splice(0) },
      [...wanted.values()],
      signal,
    );
    for (const [question, state] of answers) run.cache.put(question, state);
  }

  let fallen = noLonger(run, kept).filter(({ kept: { instance, prepared } }) => {
    const culprit = culpritOf(run, instance, questionsOf(prepared.reads));
    return culprit === undefined || !cleansUp(culprit, instance);
  });
  // A program on the host may be changing it at this moment, and a service that heals needs a second.
  for (let attempt = 1; fallen.length > 0 && attempt <= attempts; attempt += 1) {
    await pause(recheckPause, signal);
    const again = fallen.flatMap(({ kept: { prepared } }) => questionsOf(prepared.reads));
    for (const question of again) run.cache.forget(question);
    const { answers } = await exchange(run.connection, { acts: [] }, again, signal);
    for (const [question, state] of answers) run.cache.put(question, state);
    fallen = noLonger(
      run,
      fallen.map((one) => one.kept),
    );
  }
  for (const {
    kept: { instance, prepared },
    differences,
  } of fallen) {
    run.counts.failed += 1;
    const culprit = culpritOf(run, instance, questionsOf(prepared.reads));
    emit({
      type: 'task-done',
      host: run.host.name,
      task: infoOf(instance, nameOf(run, instance, new Set())),
      status: 'failed',
      changes: [],
      message: `the task was applied, but the host differs again: ${differences}${culprit === undefined ? '' : `; reverted by "${nameOf(run, culprit, new Set())}" (${culprit.task.at.file}:${culprit.task.at.line})`}`,
      hint: 'two tasks set the same resource to different values: change or remove one of them, or undo it in the always section of a block',
      ms: 0,
    });
  }
  return fallen.length === 0;
}

/** Tasks whose state is no longer correct, and what they would change. */
function noLonger(run: HostRun, list: HostRun['kept']): { kept: HostRun['kept'][number]; differences: string }[] {
  return list.flatMap((kept) => {
    const { instance, prepared, before } = kept;
    const answer = run.cache.fresh;
    const again = decide(instance, { answer, ...(before === undefined ? {} : { before }) }, prepared);
    if (again.kind !== 'decided' || again.decision.changes.length === 0) return [];
    return [{ kept, differences: again.decision.changes.map((change) => change.title).join(', ') }];
  });
}

/** Whether the first is in the `always` or `rescue` of a block that contains the second. */
function cleansUp({ task: { blocks = [] } }: Instance, { task: { blocks: around = [] } }: Instance): boolean {
  return blocks.some(
    ({ block, part }) => part !== 'block' && around.some((own) => own.block === block && own.part === 'block'),
  );
}

/** The last change after this task that may have altered the task's answers. */
function culpritOf(run: HostRun, instance: Instance, questions: readonly Question<unknown>[]): Instance | undefined {
  const own = run.applied.findIndex((change) => change.instance === instance);
  const scopes = questions.flatMap((question) => question.scopes);
  return run.applied
    .slice(own + 1)
    .filter((change) => change.instance !== instance && overlaps(change.touches, scopes))
    .at(-1)?.instance;
}
