import type { Connection } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';
import type { Counts, Report } from '../core/event.ts';
import type { Host, Play, Task } from '../core/playbook.ts';
import { drillHost } from './drill/drill.ts';
import { clear, collectRecorded, pendingHandlers } from './handlers/handlers.ts';
import { parseRecorded, type RecordedHandler } from './handlers/pending-handlers.ts';
import { connectionTo, type HostConnection } from './host/host-connection.ts';
import { emptyCounts, type HostRun, hostRun } from './host/host-run.ts';
import { type HostSetup, hostSetupProgram, noHostSetup } from './host/host-setup.ts';
import { stateCache } from './host/state-cache.ts';
import { batchOf } from './playbook/batch.ts';
import { batches } from './playbook/batches.ts';
import { eachHost } from './playbook/each-host.ts';
import type { RunOptions } from './playbook/run-options.ts';
import { type Instance, instanceOf } from './task/instance.ts';
import { meta } from './task/meta.ts';
import { flowOf } from './task-list/block-flow.ts';
import { prefetch } from './task-list/prefetch.ts';
import { prefetchResults } from './task-list/prefetch-results.ts';
import { recheck } from './task-list/recheck.ts';
import { runTaskList } from './task-list/run-task-list.ts';

/**
 * src/run runs a playbook and reports what happens as Events. It knows hosts by the Connection of core alone and never writes
 * to the console. It may import core, shell, project, probes, modules and backups.
 *
 * The life of one task on one host:
 *
 *  1. `playbook/batches` puts the host into a batch of the play; `host/host-connection` logs in and gathers facts.
 *  2. `task-list/run-task-list` reaches the task; `task-list/block-flow` skips it where a block has failed.
 *  3. `task/evaluate-task` evaluates `when`, the arguments and local files, and lists the questions of the module.
 *  4. `task-list/prefetch` asks them in one program, together with those of the tasks that follow (`task-list/gather`);
 *     `host/exchange` sends the program and reads its answers, which `host/state-cache` keeps.
 *  5. The module plans its changes from the answers (`plan`). In check mode, `host/state-cache` predicts their result.
 *  6. `task/apply` makes the changes in one program; it asks again first, so that nothing is decided on old answers.
 *     `task/apply-ahead` adds the changes of later tasks that do not depend on this one's result.
 *  7. `task/prove` compares the new answers with what the module predicted.
 *  8. `task/outcome` applies `failed_when`, `changed_when` and `until`; `task/run-task` tries again where `until` does not hold.
 *  9. `task/record-outcome` counts the outcome, registers its result and reports it; `handlers/handlers` notifies handlers,
 *     which `handlers/pending-handlers` has recorded on the host before the change.
 * 10. `task-list/recheck` asks once more at the end of the play whether each state still holds.
 */

interface Reached {
  readonly line: HostConnection;
  readonly setup: HostSetup;
  readonly recorded: RecordedHandler[];
  /** Why it could not be reached. */
  readonly cut?: HealError;
}

/** Runs a playbook. Rejects only for bugs and interruption: what happens on hosts is told by events and the Report. */
export async function runPlaybook(options: RunOptions): Promise<Report> {
  const { playbook, hostsOf, emit, now } = options;
  const startedAt = now();
  const all = [...new Set(playbook.plays.flatMap((play) => hostsOf(play)))];
  const counts = new Map(all.map((host) => [host.name, emptyCounts()]));
  const reached = new Map<string, Reached>();
  const lost = new Set<string>();
  const fleet: Fleet = { reached, lost, counts, ended: false };
  emit({
    type: 'run-start',
    playbook: playbook.name,
    check: options.check,
    hosts: all.map((host) => host.name),
  });
  try {
    for (const play of playbook.plays) {
      const hosts = hostsOf(play).filter((host) => !lost.has(host.name));
      for (const batch of batches(hosts, play.serial)) {
        if (fleet.ended) break;
        emit({
          type: 'play-start',
          play: play.name,
          hosts: batch.map((host) => host.name),
          tasks: play.tasks.filter(options.selected).length,
        });
        await runBatch(options, play, batch, fleet);
      }
    }
  } finally {
    const here = await fleet.here?.catch(() => undefined);
    const open: Connection[] = [...reached.values()].map(({ line }) => line);
    await Promise.allSettled([...open, ...(here === undefined ? [] : [here])].map((connection) => connection.close()));
  }
  for (const [host, { line }] of reached) {
    if (line.setup() === undefined) continue;
    emit({
      type: 'host-done',
      host,
      roundTrips: line.roundTrips,
      ms: now() - startedAt,
    });
  }
  const report: Record<string, Counts> = Object.fromEntries(counts);
  emit({ type: 'run-end', report, ms: now() - startedAt });
  return report;
}

interface Fleet {
  readonly reached: Map<string, Reached>;
  /** Hosts that failed or could not be reached: later plays leave them out. */
  readonly lost: Set<string>;
  readonly counts: ReadonlyMap<string, ReturnType<typeof emptyCounts>>;
  /** The workstation, once something was delegated to it. */
  here?: Promise<Connection>;
  /** True once a play was broken off for all: what comes after it is left. */
  ended: boolean;
}

async function runBatch(options: RunOptions, play: Play, batch: readonly Host[], fleet: Fleet): Promise<void> {
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
      const run = hostRun(host, play, at.line, at.setup, at.recorded, options, shared, hereOf(options, fleet));
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

/** The workstation as one host sees it: one shell for all of them, but what was asked for one says nothing of another. */
function hereOf(options: RunOptions, fleet: Fleet): HostRun['here'] {
  const cache = stateCache();
  return async () => {
    fleet.here ??= options.connectHere(hostSetupProgram, () => undefined, options.signal);
    return { connection: await fleet.here, cache };
  };
}

async function reach(options: RunOptions, play: Play, host: Host, fleet: Fleet): Promise<Reached> {
  const known = fleet.reached.get(host.name);
  if (known !== undefined && known.cut === undefined) return known;
  const { emit, now, signal } = options;
  const startedAt = now();
  emit({ type: 'host-connecting', host: host.name });
  const login = options.loginOf(host, play);
  const line = connectionTo(host.name, (first, onFrame) => options.connect(login, first, onFrame, signal));
  let at: Reached;
  try {
    const setup = await line.renew();
    at = { line, setup, recorded: setup.pending.flatMap((text) => parseRecorded(text) ?? []) };
    emit({ type: 'host-connected', host: host.name, facts: setup.facts, ms: now() - startedAt });
  } catch (error) {
    // Its tasks begin nevertheless where one of them is for this case.
    const flow = flowOf(play.tasks);
    const minds = options.mode === 'run' && play.tasks.some((task) => flow.minds(task));
    if (!(error instanceof HealError) || error.kind !== 'unreachable' || !minds || signal.aborted) throw error;
    at = { line, setup: noHostSetup, recorded: [], cut: error };
  }
  fleet.reached.set(host.name, at);
  return at;
}

/** An error that concerns one host ends its part of the run and no other's. */
async function guarded(
  options: RunOptions,
  fleet: Fleet,
  host: Host,
  onLost: (host: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HealError) || options.signal.aborted) throw error;
    if (error.kind === 'usage') throw error;
    fleet.lost.add(host.name);
    onLost(host.name);
    const counts = fleet.counts.get(host.name);
    if (error.kind === 'unreachable') {
      if (counts !== undefined) counts.unreachable += 1;
      options.emit({ type: 'host-unreachable', host: host.name, error });
    } else {
      if (counts !== undefined) counts.failed += 1;
      options.emit({ type: 'host-refused', host: host.name, error });
    }
  }
}
