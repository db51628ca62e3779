import type { Host, Play, Task } from '../../core/playbook.ts';
import { drillHost } from '../drill/drill.ts';
import { clear, collectRecorded, pendingHandlers } from '../handlers/handlers.ts';
import { type HostRun, hostRun } from '../host/host-run.ts';
import { type Instance, instanceOf } from '../task/instance.ts';
import { meta } from '../task/meta.ts';
import { prefetch } from '../task-list/prefetch.ts';
import { prefetchResults } from '../task-list/prefetch-results.ts';
import { recheck } from '../task-list/recheck.ts';
import { runTaskList } from '../task-list/run-task-list.ts';
import { batchOf } from './batch.ts';
import { eachHost } from './each-host.ts';
import { type Fleet, guarded, localOf, reach } from './fleet.ts';
import type { RunOptions } from './run-options.ts';

/**
 * Runs a play on a batch of hosts. Each phase (login, tasks, handlers, checks) ends on all hosts before the next one begins,
 * as in Ansible.
 */
export async function runBatch(options: RunOptions, play: Play, batch: readonly Host[], fleet: Fleet): Promise<void> {
  const { forks, emit, mode, signal } = options;
  const runs = new Map<string, HostRun>();
  const shared = batchOf(play, batch.length);
  const lists = new Map<string, { tasks: Instance[]; checks: Instance[] }>();

  const phase = async (work: (run: HostRun, list: { tasks: Instance[]; checks: Instance[] }) => Promise<boolean>) => {
    const going = [...runs.values()].filter((run) => !fleet.lost.has(run.host.name));
    await eachHost(going, forks, async (run) => {
      const list = lists.get(run.host.name);
      if (list === undefined) return;
      await guarded(options, fleet, run.host, shared.fail, async () => {
        if (!(await work(run, list))) fleet.lost.add(run.host.name);
      });
    });
    signal.throwIfAborted();
  };

  await eachHost(batch, forks, (host) =>
    guarded(options, fleet, host, shared.fail, async () => {
      const at = await reach(options, play, host, fleet);
      const run = hostRun(host, play, at.line, at.setup, at.recorded, options, shared, localOf(options, fleet));
      const counts = fleet.counts.get(host.name);
      if (counts !== undefined) Object.assign(run, { counts });
      if (at.cut !== undefined) run.cut = { error: at.cut, reported: false };
      const list = {
        tasks: mode === 'run' ? instances(options, play.tasks, 'task') : [],
        checks: checksOf(options, play),
      };
      runs.set(host.name, run);
      lists.set(host.name, list);
      if (run.cut !== undefined) return;
      if (mode === 'run') collectRecorded(run);
      else run.tasksOver = true;
      if (mode === 'verify' || mode === 'drill')
        await prefetchResults(run, instances(options, play.tasks, 'task'), list.checks);
      const questions = await prefetch(run, list.tasks, 0, list.checks);
      emit({ type: 'host-asking', host: host.name, questions });
    }),
  );
  signal.throwIfAborted();

  if (mode === 'run') {
    await phase(async (run, { tasks, checks }) => {
      const flush = (): Promise<boolean> => flushHandlers(options, run, checks);
      const done = await runTaskList(run, tasks, () => [...pendingHandlers(run, options.modules), ...checks], flush);
      if (!done && play.forceHandlers === true) await flush();
      return done;
    });
    await phase((run, { checks }) => flushHandlers(options, run, checks));
  }
  await phase(async (run, { checks }) => {
    run.tasksOver = true;
    // Who left the play by `meta: end_host` is not what its roles say, and was not meant to be.
    if (run.over) return true;
    const holds = run.applied.length === 0 || (await recheck(run, checks));
    return (await runTaskList(run, checks, () => [])) && holds;
  });
  if (mode === 'drill') await phase((run) => drillHost(run, options));
  await phase(async (run) => {
    if (run.queued.length > 0) await prefetch(run, [], 0, []);
    return true;
  });
  // Ansible's rule: a batch of which no host is left ends the play.
  if (shared.stopped() || (batch.length > 0 && batch.every((host) => fleet.lost.has(host.name)))) fleet.ended = true;
}

async function flushHandlers(options: RunOptions, run: HostRun, checks: readonly Instance[]): Promise<boolean> {
  // A handler may notify another: those come in the next round. One that notifies itself would go on for ever.
  for (let round = 0; run.notified.size > 0 && round <= run.play.handlers.length; round += 1) {
    const handlers = pendingHandlers(run, options.modules);
    const over = run.over;
    run.over = false;
    const done = await runTaskList(run, handlers, () => checks);
    run.over = over;
    if (!done) return false;
    for (const { task } of handlers) clear(run, task);
  }
  return true;
}

/** What is asked once all is done. */
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
