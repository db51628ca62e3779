import type { Host, Play, Task } from '../../core/playbook.ts';

/**
 * When the hosts of a batch may start a task. Usually at once: each host goes on at its own pace. But
 *
 * - if failures of some hosts end the play on all, a host starts a task when all others have finished the tasks before it, as
 *   with Ansible's strategy `linear`: no host has started a task after the one that failed;
 * - a task with `run_once` runs on the first host of the batch that has not failed before it: the others wait until that
 *   host has finished it.
 */
export interface Turns {
  /**
   * Resolves when the host may start the task, or the run was interrupted.
   *
   * @param waits called before the host waits for others
   */
  turn(host: string, task: Task, waits: () => void): Promise<void>;
  /** The host has finished its tasks, or was lost. */
  leave(host: string): void;
}

interface Waiting {
  readonly host: string;
  readonly position: number;
  readonly once: boolean;
  readonly start: () => void;
}

/** Whether failures of some hosts end a play on all hosts. */
export function endsTogether({ anyErrorsFatal, maxFailPercentage }: Play): boolean {
  return anyErrorsFatal === true || maxFailPercentage !== undefined;
}

/**
 * Creates the turns of the tasks of a play.
 *
 * @param hosts in their order; each of them must call `leave`
 * @param forks how many of them run a task at once, if failures of some hosts end the play on all
 */
export function turnsOf(play: Play, hosts: readonly Host[], forks: number, signal: AbortSignal): Turns {
  const together = endsTogether(play);
  const positions = new Map(play.tasks.map((task, position) => [task, position]));
  const at = new Map(hosts.map(({ name }) => [name, -1]));
  const running = new Set<string>();
  let waiting: Waiting[] = [];

  const mayStart = ({ host, position, once }: Waiting): boolean => {
    if (signal.aborted) return true;
    if (together && (running.size >= forks || position > Math.min(...at.values()))) return false;
    if (!once) return true;
    for (const [other, reached] of at) {
      if (other === host) return true;
      if (reached <= position) return false;
    }
    return true;
  };
  const startNext = (): void => {
    for (const one of waiting) {
      if (!mayStart(one)) continue;
      waiting = waiting.filter((other) => other !== one);
      running.add(one.host);
      one.start();
    }
  };
  signal.addEventListener('abort', startNext, { once: true });

  return {
    async turn(host, task, waits) {
      const position = positions.get(task);
      // Another item of its loop.
      if (position === undefined || at.get(host) === position) return;
      at.set(host, position);
      running.delete(host);
      await new Promise<void>((start) => {
        waiting.push({ host, position, once: task.runOnce === true, start });
        startNext();
        if (!running.has(host)) waits();
      });
    },
    leave(host) {
      at.delete(host);
      running.delete(host);
      startNext();
    },
  };
}
