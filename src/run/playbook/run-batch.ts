import type { Host, Known, Play, Task } from '../../core/playbook.ts';
import { runsOn } from '../../project/playbook/only-on.ts';
import { drillHost } from '../drill/drill.ts';
import { clear, collectRecorded, pendingHandlers } from '../handlers/handlers.ts';
import { unlock } from '../host/host-lock.ts';
import { type HostRun, hostRun } from '../host/host-run.ts';
import { type Instance, instanceOf } from '../task/instance.ts';
import { meta } from '../task/meta.ts';
import { prefetch } from '../task-list/prefetch.ts';
import { prefetchResults } from '../task-list/prefetch-results.ts';
import { recheck } from '../task-list/recheck.ts';
import { runTaskList } from '../task-list/run-task-list.ts';
import { type Batch, batchOf } from './batch.ts';
import { eachHost } from './each-host.ts';
import { delegatesOf, type Fleet, guarded, knownOf, reach, seenOf } from './fleet.ts';
import type { RunOptions } from './run-options.ts';
import { createScheduler, endsTogether } from './scheduler.ts';

/** The run of one host of a batch, with its tasks and checks. */
interface HostWork {
  readonly run: HostRun;
  readonly tasks: Instance[];
  readonly checks: Instance[];
}

/** A stage of a play on one host; false ends the play there. */
type Stage = (work: HostWork) => Promise<boolean>;

/**
 * Runs a play on a batch of hosts. Each host goes through the stages (login, tasks, handlers, checks) at its own pace: one that
 * hangs delays no other. If the failure of some hosts must stop all (`any_errors_fatal`, `max_fail_percentage`), each task and
 * each stage ends on all hosts before the next one starts.
 */
export async function runBatch(options: RunOptions, play: Play, batch: readonly Host[], fleet: Fleet): Promise<void> {
  const { forks, signal } = options;
  const scheduler = createScheduler(play, batch, forks, signal);
  const shared = batchOf(play, batch.length, scheduler);
  const works = new Map<string, HostWork>();

  const logIn = async (host: Host): Promise<void> => {
    await guarded(options, fleet, host, shared.fail, async () => {
      works.set(host.name, await workOn(options, play, host, fleet, shared));
    });
    signal.throwIfAborted();
  };
  const doStage = async (host: Host, stage: Stage, keepsLock = false): Promise<void> => {
    const work = works.get(host.name);
    if (work === undefined || fleet.lost.has(host.name)) return;
    await guarded(options, fleet, host, shared.fail, async () => {
      let goesOn = false;
      try {
        goesOn = await stage(work);
        if (!goesOn) fleet.lost.add(host.name);
      } finally {
        if (!goesOn || !keepsLock) unlock(work.run);
      }
    });
    signal.throwIfAborted();
  };

  const { tasks, others } = stagesOf(options, play);
  // A host that waits for the others releases its lock: another run may have theirs, and wait for this one. Without such a wait,
  // no other run comes between the tasks and their handlers.
  const doTasks = async (host: Host): Promise<void> => {
    if (tasks !== undefined) await doStage(host, tasks, !endsTogether(play));
  };
  const atOnce = (work: (host: Host) => Promise<void>): Promise<void> =>
    // All of them: the scheduler limits how many are at work.
    eachHost(batch, batch.length, (host) =>
      work(host).finally(() => {
        scheduler.tasksDone(host.name);
        scheduler.done(host.name);
      }),
    );
  if (endsTogether(play)) {
    await eachHost(batch, forks, logIn);
    await atOnce(doTasks);
    for (const stage of others) await eachHost(batch, forks, (host) => doStage(host, stage));
  } else {
    await atOnce(async (host) => {
      await scheduler.start(host.name);
      await logIn(host);
      await doTasks(host);
      scheduler.tasksDone(host.name);
      for (const stage of others) await doStage(host, stage);
    });
  }
  // Ansible's rule: a batch without remaining hosts ends the play.
  if (shared.stopped() || (batch.length > 0 && batch.every((host) => fleet.lost.has(host.name)))) fleet.ended = true;
}

/** Logs in to a host, and asks the questions of its first tasks. */
async function workOn(options: RunOptions, whole: Play, host: Host, fleet: Fleet, shared: Batch): Promise<HostWork> {
  const { emit, mode } = options;
  const play = playOn(whole, host.name);
  const at = await reach(options, play, host, fleet);
  const delegate = delegatesOf(options, play, fleet, shared);
  const known = knownOf(fleet, host.name);
  const others = (name: string): Known['values'] => seenOf(fleet, name);
  const run = hostRun(host, play, at.line, at.setup, at.recorded, options, shared, delegate, known, others);
  const counts = fleet.counts.get(host.name);
  if (counts !== undefined) Object.assign(run, { counts });
  if (at.cut !== undefined) run.cut = { error: at.cut, reported: false };
  const tasks = mode === 'run' ? instances(options, play.tasks, 'task') : [];
  const checks = checksOf(options, play);
  if (run.cut !== undefined) return { run, tasks, checks };
  if (mode === 'run') collectRecorded(run);
  else run.tasksOver = true;
  if (mode === 'verify' || mode === 'drill') await prefetchResults(run, instances(options, play.tasks, 'task'), checks);
  const questions = await prefetch(run, tasks, 0, checks);
  emit({ type: 'host-asking', host: host.name, questions });
  return { run, tasks, checks };
}

/** The play with the tasks and handlers that a host has. */
function playOn(play: Play, host: string): Play {
  const has = (task: Task): boolean => runsOn(task, host);
  const { tasks, handlers, verify, score, drills } = play;
  if ([...tasks, ...handlers, ...verify, ...score].every(has)) return play;
  return {
    ...play,
    tasks: tasks.filter(has),
    handlers: handlers.filter(has),
    verify: verify.filter(has),
    score: score.filter(has),
    drills: drills.filter((drill) => drill.break.every(has)),
  };
}

function stagesOf(options: RunOptions, play: Play): { readonly tasks?: Stage; readonly others: readonly Stage[] } {
  const { mode } = options;
  const tasksOf: Stage = async ({ run, tasks, checks }) => {
    const flush = (): Promise<boolean> => flushHandlers(options, run, checks);
    const done = await runTaskList(run, tasks, () => [...pendingHandlers(run, options.modules), ...checks], flush);
    if (!done && play.forceHandlers === true) await flush();
    return done;
  };
  const handlers: Stage = ({ run, checks }) => flushHandlers(options, run, checks);
  const others: Stage[] = [
    ...(mode === 'run' ? [handlers] : []),
    async ({ run, checks }) => {
      run.tasksOver = true;
      // A host that left the play with `meta: end_host` does not have its roles' state, and this is intended.
      if (run.over) return true;
      const holds = run.applied.length === 0 || (await recheck(run, checks));
      return (await runTaskList(run, checks, () => [])) && holds;
    },
    ...(mode === 'drill' ? [({ run }: HostWork) => drillHost(run, options)] : []),
    async ({ run }) => {
      if (run.queued.length > 0) await prefetch(run, [], 0, []);
      return true;
    },
  ];
  return { ...(mode === 'run' ? { tasks: tasksOf } : {}), others };
}

async function flushHandlers(options: RunOptions, run: HostRun, checks: readonly Instance[]): Promise<boolean> {
  // A handler may notify another: it runs in the next round. One that notifies itself would repeat for ever.
  for (let round = 0; run.notified.size > 0 && round <= run.play.handlers.length; round += 1) {
    const handlers = pendingHandlers(run, options.modules);
    const over = run.over;
    run.over = false;
    const done = await runTaskList(run, handlers, () => checks);
    run.over = over;
    // The last one that was run has failed: it remains pending, and those that were not run.
    const failed = done ? undefined : handlers.findLast((handler) => run.done.has(handler))?.task;
    for (const handler of handlers) {
      if (done || (run.done.has(handler) && handler.task !== failed)) clear(run, handler.task);
    }
    if (!done) return false;
  }
  return true;
}

/** The checks after all tasks and handlers. */
function checksOf(options: RunOptions, play: Play): Instance[] {
  if (options.mode === 'status') return instances(options, play.score, 'score');
  return options.mode === 'drill' || options.check ? [] : instances(options, play.verify, 'verify');
}

function instances(options: RunOptions, tasks: readonly Task[], phase: Instance['phase']): Instance[] {
  return tasks.filter(options.selected).flatMap((task) => {
    const module = task.module === meta.name ? meta : options.modules.get(task.module);
    return module === undefined ? [] : [instanceOf(task, module, phase)];
  });
}
