import type { Result, Value, Variables } from '../../core/playbook.ts';
import { noticeRecorded, originsOf, pendingAfter } from '../handlers/handlers.ts';
import { runDelegated } from '../host/delegate.ts';
import { evaluateOn, needsOthers, variablesOf } from '../host/evaluate-on.ts';
import { exchange } from '../host/exchange.ts';
import { flowIn, type HostRun, onlyPlans } from '../host/host-run.ts';
import { waitForConditions, waitForOthers } from '../host/host-scheduling.ts';
import { whileReachable } from '../host/reconnect.ts';
import { waitsBefore } from '../task-list/gather.ts';
import { prefetch } from '../task-list/prefetch.ts';
import { apply, judge } from './apply.ts';
import { endOf, orFailed } from './ended.ts';
import type { TaskEvaluation } from './evaluate-task.ts';
import { type Instance, isCheck } from './instance.ts';
import { type Ended, type Outcome, outcomeOf } from './outcome.ts';
import { pause } from './pause.ts';
import { forgetAnswers, readsAgain } from './read-again.ts';
import { recordOutcome, registerResult } from './record-outcome.ts';
import { describe, nameOf } from './task-info.ts';
import { changeInfo, type TaskTurn, touchesOf } from './task-turn.ts';

/** A module that asks something new in more rounds than this never ends. */
const roundsAtMost = 8;

/** Runs an instance, with `run_once` on one host for all of its batch. */
export async function runTask(
  run: HostRun,
  list: Instance[],
  index: number,
  later: () => readonly Instance[],
): Promise<Outcome> {
  const instance = list[index];
  if (instance === undefined) throw new Error('no instance at this place');
  if (instance.task.runOnce !== true) return runTaskOnHost(run, instance, list, index, later);
  const key = `${instance.task.id} ${instance.item?.index ?? ''}`;
  const { outcome, mine } = await run.batch.once(key, () => runTaskOnHost(run, instance, list, index, later));
  if (!mine) registerResult(run, instance, outcome);
  return outcome;
}

async function runTaskOnHost(
  run: HostRun,
  instance: Instance,
  list: Instance[],
  index: number,
  later: () => readonly Instance[],
): Promise<Outcome> {
  const { now, signal } = run.settings;
  const startedAt = now();
  const waitsFor = waitsBefore(run, list, index);
  const name = nameOf(run, instance, waitsFor);
  const variables = (result: Result): Variables =>
    variablesOf(run, instance, waitsFor).with(
      instance.task.register === undefined
        ? {}
        : {
            [instance.task.register]: { kind: 'value', value: result as Value },
          },
    );
  const flow = flowIn(run, list);
  const delegated = instance.task.delegateTo !== undefined;
  const pending = pendingAfter(run, instance);
  // Work on the control node is independent of the questions to the host.
  const turn: TaskTurn = delegated
    ? { instance, list: [instance], index: 0, name, waitsFor, later: [], pending }
    : { instance, list, index, name, waitsFor, later: later(), pending };
  for (let attempt = 0; ; attempt += 1) {
    const onHost = (acting: HostRun): Promise<Ended> => {
      if (attempt > 0) forgetAnswers(acting, instance);
      return runAttempt(acting, turn);
    };
    const ended = await whileReachable(run, instance, flow.minds(instance.task), () =>
      delegated ? runDelegated(run, turn, onHost) : onHost(run),
    );
    await waitForConditions(run, instance, () => variables(ended.result ?? {}));
    const outcome = outcomeOf(instance, ended, variables, attempt + 1);
    if (outcome.enough || attempt >= instance.task.retries || onlyPlans(run, instance.task)) {
      const final: Outcome = outcome.enough
        ? outcome
        : {
            ...outcome,
            status: 'failed',
            message: `${outcome.message === undefined ? '' : `${outcome.message}; `}until: ${instance.task.until?.source} was not true in ${attempt + 1} tries`,
          };
      const rescued = flow.rescues(instance.task);
      recordOutcome(run, instance, final, startedAt, name, rescued);
      if (final.status === 'changed') for (const handler of originsOf(run, instance)) run.notified.add(handler);
      return final;
    }
    run.settings.emit({
      type: 'task-start',
      host: run.host.name,
      task: describe(run, instance, name),
      titles: [`waiting, try ${attempt + 2} of ${instance.task.retries + 1}`],
    });
    await pause(instance.task.delay * 1000, signal);
  }
}

/** One attempt at an instance. */
async function runAttempt(run: HostRun, turn: TaskTurn): Promise<Ended> {
  const { instance, list, index, waitsFor } = turn;
  const readAgain = readsAgain(run, instance);
  let moved = 0;
  const made = run.made.get(instance);
  if (made !== undefined) {
    run.made.delete(instance);
    noticeRecorded(run, instance, made.decided.answers);
    const ended = await orFailed(() => judge(run, made));
    if (ended !== 'moved') return ended;
    forgetAnswers(run, instance);
    moved += 1;
  }
  for (let round = 0; round < roundsAtMost; round += 1) {
    if (instance.phase === 'handler' && !run.notified.has(instance.task)) {
      return { status: 'skipped', message: 'another run has run this handler' };
    }
    const evaluation = await evaluateOn(run, instance, waitsFor);
    if (evaluation.kind === 'asks') {
      await askFor(run, list, index, turn.later, evaluation);
      continue;
    }
    if (await readAgain(evaluation)) continue;
    if (evaluation.kind === 'waits' && needsOthers(evaluation.names) && (await waitForOthers(run, instance))) continue;
    if (evaluation.kind !== 'decided') return endOf(run, evaluation);
    noticeRecorded(run, instance, evaluation.answers);
    const { decision, prepared } = evaluation;
    const said = {
      ...(decision.message === undefined ? {} : { message: decision.message }),
      ...(decision.hint === undefined ? {} : { hint: decision.hint }),
      ...(decision.result === undefined ? {} : { result: decision.result }),
    };
    if (decision.failed !== undefined) return { ...said, status: 'failed', message: decision.failed };
    if (decision.changes.length === 0) {
      if (!instance.module.readonly) run.kept.push({ instance, prepared });
      return { ...said, status: 'ok' };
    }
    const changes = decision.changes.map((change) => changeInfo(change, instance.task));
    if (isCheck(instance)) {
      const differences = decision.changes.map((change) => change.title).join(', ');
      return {
        ...said,
        status: 'failed',
        message: `check failed: ${differences}`,
        changes: [],
      };
    }
    if (onlyPlans(run, instance.task)) {
      // In a run, the task's change is not applied, so later tasks see the host unchanged.
      for (const change of run.settings.check ? decision.changes : []) {
        run.cache.predict(`${turn.name}: ${change.title}`, touchesOf(change), change.predicts ?? []);
      }
      return { ...said, status: 'changed', changes };
    }
    const ended = await orFailed(() => apply(run, turn, evaluation));
    if (ended === 'stale') continue;
    if (ended !== 'moved') return ended;
    forgetAnswers(run, instance);
    moved += 1;
    if (moved > 1) {
      return {
        status: 'failed',
        message: 'changed since it was read: somebody else is changing it at the same time',
        hint: 'find out who, and run again',
      };
    }
  }
  return {
    status: 'failed',
    message: `module ${instance.module.name} went on asking after ${roundsAtMost} rounds`,
  };
}

async function askFor(
  run: HostRun,
  list: Instance[],
  index: number,
  later: readonly Instance[],
  evaluation: Extract<TaskEvaluation, { kind: 'asks' }>,
): Promise<void> {
  const asked = await prefetch(run, list, index, later);
  if (asked > 0 && evaluation.questions.every((question) => run.cache.fresh(question) !== undefined)) return;
  const { answers } = await exchange(run.connection, { acts: [] }, evaluation.questions, run.settings.signal);
  for (const [question, state] of answers) run.cache.put(question, state);
}
