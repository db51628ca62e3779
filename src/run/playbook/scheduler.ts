import type { Host, Play, Task } from '../../core/playbook.ts';
import { delegatesAway } from '../../project/playbook/delegate-to.ts';

/**
 * When the hosts of a batch may start a task. Usually at once: each host goes on at its own pace. But
 *
 * - if failures of some hosts end the play on all, a host starts a task when all others have finished the tasks before it, as
 *   with Ansible's strategy `linear`: no host has started a task after the one that failed. The same if tasks are delegated to
 *   other hosts;
 * - a task with `run_once` runs on the first host of the batch that has not failed before it: the others wait until that
 *   host has finished it;
 * - a task that uses the results of another host (`hostvars`) waits until that host has them.
 *
 * At most `forks` hosts are at work; one that waits for others is not.
 */
export interface Scheduler {
  /** Resolves when the host may begin, or the run was interrupted. */
  start(host: string): Promise<void>;
  /**
   * Resolves when the host may start the task, or the run was interrupted.
   *
   * @param waits called before the host waits for others
   */
  beforeTask(host: string, task: Task, waits: () => void): Promise<void>;
  /** Tasks before this one that another host has not finished; none if that host is not in the play, or was lost. */
  unfinished(other: string, host: string, task: Task): readonly Task[];
  /** Waits until all other hosts have finished the tasks before this one. False if they had. */
  waitForOthers(host: string, task: Task, waits: () => void): Promise<boolean>;
  /** The host has finished its tasks, or was lost: no other waits for it. */
  tasksDone(host: string): void;
  /** The host has finished everything. */
  done(host: string): void;
}

interface Waiting {
  readonly host: string;
  readonly mayStart: () => boolean;
  readonly start: () => void;
}

/** Whether failures of some hosts end a play on all hosts. */
export function endsTogether({ anyErrorsFatal, maxFailPercentage }: Play): boolean {
  return anyErrorsFatal === true || maxFailPercentage !== undefined;
}

/**
 * Whether all hosts must have finished a task before any of them starts the next one, as with Ansible's strategy `linear`. With tasks that are delegated to other hosts,
 * these must be as far as the host that delegates.
 */
export function isLinear(play: Play): boolean {
  return endsTogether(play) || play.tasks.some(delegatesAway);
}

/**
 * Creates the scheduler of a play's tasks.
 *
 * @param hosts in their order; each of them must call `leave` and `end`
 */
export function createScheduler(play: Play, hosts: readonly Host[], forks: number, signal: AbortSignal): Scheduler {
  const together = isLinear(play);
  const positions = new Map(play.tasks.map((task, position) => [task, position]));
  const at = new Map(hosts.map(({ name }) => [name, -1]));
  const working = new Set<string>();
  const waiting = new Set<Waiting>();

  const startNext = (): void => {
    for (const one of waiting) {
      if (!signal.aborted) {
        if (working.size >= forks) return;
        if (!one.mayStart()) continue;
      }
      waiting.delete(one);
      working.add(one.host);
      one.start();
    }
  };
  signal.addEventListener('abort', startNext, { once: true });

  const wait = async (host: string, mayStart: () => boolean, waits: () => void = () => {}): Promise<void> => {
    if (working.has(host) && mayStart()) {
      // Its new position may be what others wait for.
      startNext();
      return;
    }
    working.delete(host);
    await new Promise<void>((start) => {
      waiting.add({ host, mayStart, start });
      startNext();
      if (!working.has(host)) waits();
    });
  };
  /** A handler has the position of the task after which it runs; a check comes after all tasks. */
  const positionOf = (host: string, task: Task): number =>
    positions.get(task) ?? at.get(host) ?? Number.POSITIVE_INFINITY;
  let slowest: number | undefined;
  const move = (host: string, position: number | undefined): void => {
    if (position === undefined) at.delete(host);
    else at.set(host, position);
    slowest = undefined;
  };
  /** Asked for each host that waits, so it is computed once after each move. */
  const allAreAt = (position: number): boolean => {
    slowest ??= [...at.values()].reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
    return slowest >= position;
  };
  const isFirst = (host: string, position: number): boolean => {
    for (const [other, reached] of at) {
      if (other === host) return true;
      if (reached <= position) return false;
    }
    return true;
  };

  return {
    start: (host) => wait(host, () => true),
    async beforeTask(host, task, waits) {
      const position = positions.get(task);
      // Another item of its loop.
      if (position === undefined || at.get(host) === position) return;
      move(host, position);
      const mayStart = (): boolean =>
        (!together || allAreAt(position)) && (task.runOnce !== true || isFirst(host, position));
      await wait(host, mayStart, waits);
    },
    unfinished(other, host, task) {
      const reached = at.get(other);
      if (reached === undefined || other === host) return [];
      return play.tasks.slice(Math.max(0, reached), positionOf(host, task));
    },
    async waitForOthers(host, task, waits) {
      const position = positionOf(host, task);
      if (allAreAt(position)) return false;
      await wait(host, () => allAreAt(position), waits);
      return true;
    },
    tasksDone(host) {
      move(host, undefined);
      startNext();
    },
    done(host) {
      working.delete(host);
      startNext();
    },
  };
}
