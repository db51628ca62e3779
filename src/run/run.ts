import type { Connection } from '../core/connection.ts';
import type { Counts, Report } from '../core/event.ts';
import { runsOn } from '../project/playbook/only-on.ts';
import { emptyCounts } from './host/host-run.ts';
import { batches } from './playbook/batches.ts';
import type { Fleet, Reached } from './playbook/fleet.ts';
import { runBatch } from './playbook/run-batch.ts';
import type { RunOptions } from './playbook/run-options.ts';

/**
 * src/run runs a playbook and reports what happens as Events. It uses hosts only through the Connection of core and never writes
 * to the console. It may import core, shell, project, probes, modules and backups.
 *
 * The life of one task on one host:
 *
 *  1. `playbook/batches` puts the host into a batch of the play; `host/host-connection` logs in and gathers facts.
 *  2. `task-list/run-task-list` reaches the task; `task-list/block-flow` skips it if a block has failed.
 *  3. `task/evaluate-task` evaluates `when`, the arguments and local files, and lists the questions of the module.
 *  4. `task-list/prefetch` asks them in one program, together with those of the tasks that follow (`task-list/gather`);
 *     `host/exchange` sends the program and reads its answers, which `host/state-cache` keeps.
 *  5. The module plans its changes from the answers (`plan`). In check mode, `host/state-cache` predicts their result.
 *  6. `task/apply` applies the changes in one program; it asks again first, so that no decision uses old answers.
 *     `task/apply-ahead` adds the changes of later tasks that do not depend on this one's result.
 *  7. `task/prove` compares the new answers with what the module predicted.
 *  8. `task/outcome` applies `failed_when`, `changed_when` and `until`; `task/run-task` tries again if `until` is false.
 *  9. `task/record-outcome` counts the outcome, registers its result and reports it; `handlers/handlers` notifies handlers,
 *     which `handlers/pending-handlers` has recorded on the host before the change.
 * 10. `task-list/recheck` asks again at the end of the play whether each state is still correct.
 */

/**
 * Runs a playbook. Rejects only for bugs and interruption: events and the Report show what happens on hosts. After an
 * interruption, all applied changes are still reported.
 */
export async function runPlaybook(options: RunOptions): Promise<Report> {
  const { playbook, hostsOf, emit, now } = options;
  const startedAt = now();
  const all = [...new Set(playbook.plays.flatMap((play) => hostsOf(play)))];
  const counts = new Map(all.map((host) => [host.name, emptyCounts()]));
  const reached = new Map<string, Reached>();
  const lost = new Set<string>();
  const fleet: Fleet = {
    reached,
    lost,
    counts,
    known: new Map(),
    delegates: new Map(),
    delegateLines: [],
    disconnected: new Set(),
    ended: false,
  };
  const left = new Map(
    all.map(({ name }) => [
      name,
      playbook.plays.filter((play) => hostsOf(play).some((host) => host.name === name)).length,
    ]),
  );
  let interrupted: unknown;
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
        const tasks = play.tasks.filter(options.selected);
        const same = tasks.every(({ onlyOn }) => onlyOn === undefined);
        const tasksOn = (host: string): number => tasks.filter((task) => runsOn(task, host)).length;
        emit({
          type: 'play-start',
          play: play.name,
          hosts: batch.map((host) => host.name),
          tasks: tasks.length,
          ...(same ? {} : { tasksOf: Object.fromEntries(batch.map(({ name }) => [name, tasksOn(name)])) }),
        });
        await runBatch(options, play, batch, fleet);
        for (const { name } of batch) left.set(name, (left.get(name) ?? 1) - 1);
      }
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
    interrupted = error;
  } finally {
    const open: Promise<Connection>[] = [...reached.values()].map(async ({ line }) => line);
    const all = [...open, ...fleet.delegates.values(), ...(fleet.here === undefined ? [] : [fleet.here])];
    await Promise.allSettled(all.map(async (connection) => (await connection).close()));
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
  const lines = [...[...reached.values()].map(({ line }) => line), ...fleet.delegateLines];
  const roundTrips = lines.reduce((sum, line) => sum + line.roundTrips, 0);
  if (interrupted !== undefined) {
    const unfinished = all.flatMap(({ name }) => ((left.get(name) ?? 0) > 0 ? [name] : []));
    emit({ type: 'run-end', report, roundTrips, ms: now() - startedAt, unfinished });
    throw interrupted;
  }
  emit({ type: 'run-end', report, roundTrips, ms: now() - startedAt });
  return report;
}
