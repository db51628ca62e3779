import type { Answers, Reads } from '../../core/module.ts';
import type { Drill, Heal, Task } from '../../core/playbook.ts';
import type { Question } from '../../core/probe.ts';
import { evaluateOn, variablesOf } from '../host/evaluate-on.ts';
import { exchange } from '../host/exchange.ts';
import { type HostRun, questionsOf } from '../host/host-run.ts';
import type { RunOptions } from '../playbook/run-options.ts';
import { type Instance, instanceOf } from '../task/instance.ts';
import { hidden } from '../task/no-log.ts';
import { type Ended, outcomeOf } from '../task/outcome.ts';
import { pause } from '../task/pause.ts';
import { nameOf } from '../task/task-info.ts';
import { runTaskList } from '../task-list/run-task-list.ts';

/** Milliseconds between two checks of a host that should heal: short, so that the reported time is accurate. */
const lookEvery = 250;

/** Runs the drills of a play on one host, one after the other. False if the host did not heal from one of them. */
export async function drillHost(run: HostRun, options: RunOptions): Promise<boolean> {
  let allHealed = true;
  for (const drill of run.play.drills.filter(options.selected)) {
    options.signal.throwIfAborted();
    const without = leftOut(run, options, drill);
    if (without !== undefined) {
      const role = drill.role === undefined ? {} : { role: drill.role.name };
      run.counts[without.status] += 1;
      options.emit({ type: 'drill-done', host: run.host.name, drill: drill.name, ...role, heals: [], ...without });
      if (without.status === 'failed') allHealed = false;
      continue;
    }
    if (!(await oneDrill(run, options, drill))) allHealed = false;
  }
  return allHealed;
}

interface Watched {
  readonly heal: Heal;
  readonly instance: Instance;
  readonly name: string;
  before?: Answers<Reads>;
  afterMs?: number;
  lastWords?: string;
  said?: string;
}

/** Why a drill is not run on this host: a condition of its `when` is false, or can't be known, which is a failure. */
function leftOut(
  run: HostRun,
  options: RunOptions,
  drill: Drill,
): { readonly status: 'skipped' | 'failed'; readonly message: string } | undefined {
  // Its conditions see the same variables as its tasks.
  const [first] = drill.break;
  const module = first === undefined ? undefined : options.modules.get(first.module);
  if (first === undefined || module === undefined) return undefined;
  const variables = variablesOf(run, instanceOf(first, module, 'break'), new Set());
  for (const condition of drill.when) {
    const met = condition.evaluate(variables);
    if (met.kind === 'pending') {
      return { status: 'failed', message: `when: ${condition.source}: ${met.names.join(', ')} is not known` };
    }
    if (!met.value) return { status: 'skipped', message: `when: ${condition.source}` };
  }
  return undefined;
}

async function oneDrill(run: HostRun, options: RunOptions, drill: Drill): Promise<boolean> {
  const { emit } = options;
  const host = run.host.name;
  const role = drill.role === undefined ? {} : { role: drill.role.name };
  emit({ type: 'drill-start', host, drill: drill.name, ...role });
  const tasks = (list: readonly Task[], phase: Instance['phase']): Instance[] =>
    list.flatMap((task) => {
      const module = options.modules.get(task.module);
      return module === undefined ? [] : [instanceOf(task, module, phase)];
    });

  const watched: Watched[] = drill.heals.flatMap((heal) =>
    tasks([heal.task], 'heal').map((instance) => ({ heal, instance, name: nameOf(run, instance, new Set()) })),
  );
  let message: string | undefined;
  try {
    if (!(await runTaskList(run, tasks(drill.prepare, 'prepare'), () => []))) message = 'it could not be prepared';
    if (message === undefined) {
      await lookBefore(run, watched);
      if (!(await runTaskList(run, tasks(drill.break, 'break'), () => []))) message = 'the break itself failed';
    }
    if (message === undefined) await watch(run, options, watched);
  } finally {
    // The drill restores the host in every case, also after Ctrl-C: with a signal of its own, which never fires.
    const settings = { ...run.settings, signal: new AbortController().signal };
    const restored = await runTaskList({ ...run, settings }, tasks(drill.restore, 'restore'), () => []);
    if (!restored)
      message = `${message === undefined ? '' : `${message}; `}restore failed; the host may still be in the broken state`;
  }
  const unhealed = watched.filter((one) => one.afterMs === undefined);
  if (message === undefined && unhealed.length > 0) {
    message = unhealed
      .map((one) => `"${one.name}" did not pass within ${one.heal.within} s: ${one.lastWords ?? 'no answer'}`)
      .join('; ');
  }
  if (message !== undefined) run.counts.failed += 1;
  emit({
    type: 'drill-done',
    host,
    drill: drill.name,
    ...role,
    status: message === undefined ? 'healed' : 'failed',
    heals: watched.map((one) => ({
      name: one.name,
      withinMs: one.heal.within * 1000,
      ...(one.afterMs === undefined ? {} : { afterMs: one.afterMs }),
      ...(one.said === undefined ? {} : { said: one.said }),
    })),
    ...(message === undefined ? {} : { message }),
  });
  return message === undefined;
}

/** Reads answers from before the break: "Jack is a new process" compares with them. */
async function lookBefore(run: HostRun, watched: readonly Watched[]): Promise<void> {
  await askAll(run, watched);
  for (const one of watched) {
    const evaluation = await evaluateOn(run, one.instance, new Set());
    if (evaluation.kind === 'decided') one.before = evaluation.answers;
  }
}

/**
 * Checks again and again until all checks pass or their time is over. A check counts only after those before it have passed:
 * an answer from Jack proves nothing as long as the old process sends it.
 */
async function watch(run: HostRun, options: RunOptions, watched: readonly Watched[]): Promise<void> {
  const brokenAt = options.now();
  for (;;) {
    const open = watched.filter((one) => one.afterMs === undefined);
    const elapsed = options.now() - brokenAt;
    if (open.length === 0 || open.every((one) => elapsed > one.heal.within * 1000)) return;
    await askAll(run, open);
    for (const one of open) {
      const ended = await holds(run, one);
      const printed = ended.result?.['stdout'];
      const { noLog } = one.instance.task;
      const said = typeof printed === 'string' && !noLog ? printed.trim().split('\n')[0] : undefined;
      one.lastWords = noLog ? hidden : said || (ended.message ?? 'the check failed');
      if (ended.status !== 'ok') break;
      one.afterMs = options.now() - brokenAt;
      if (said) one.said = said;
    }
    await pause(lookEvery, options.signal);
  }
}

async function holds(run: HostRun, { instance, before }: Watched): Promise<Ended> {
  const waitsFor = new Set<string>();
  const evaluation = await evaluateOn(run, instance, waitsFor, before === undefined ? {} : { before });
  if (evaluation.kind !== 'decided') {
    return { status: 'failed', message: 'message' in evaluation ? evaluation.message : 'its state could not be read' };
  }
  const { decision } = evaluation;
  const differences = decision.changes.map((change) => change.title).join(', ');
  const failed = decision.failed ?? (differences === '' ? undefined : differences);
  const outcome = outcomeOf(
    instance,
    {
      status: failed === undefined ? 'ok' : 'failed',
      ...(failed === undefined ? {} : { message: failed }),
      ...(decision.result === undefined ? {} : { result: decision.result }),
    },
    (result) =>
      variablesOf(run, instance, waitsFor).with(
        instance.task.register === undefined ? {} : { [instance.task.register]: { kind: 'value', value: result } },
      ),
  );
  if (outcome.status === 'ok' && !outcome.enough) return { status: 'failed', message: 'until is not true yet' };
  return outcome;
}

/** Runs all checks again in one program; a check whose questions depend on answers gets a second round. */
async function askAll(run: HostRun, watched: readonly Watched[]): Promise<void> {
  const asked = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    const questions = new Map<string, Question<unknown>>();
    for (const { instance } of watched) {
      const evaluation = await evaluateOn(run, instance, new Set());
      if (evaluation.kind === 'asks')
        for (const question of evaluation.questions) questions.set(question.key, question);
      if (evaluation.kind === 'decided' && round === 0) {
        for (const question of questionsOf(evaluation.prepared.reads)) questions.set(question.key, question);
      }
    }
    for (const key of asked) questions.delete(key);
    if (questions.size === 0) return;
    const { answers } = await exchange(run.connection, { acts: [] }, [...questions.values()], run.settings.signal);
    for (const [question, state] of answers) run.cache.put(question, state);
    for (const key of questions.keys()) asked.add(key);
  }
}
