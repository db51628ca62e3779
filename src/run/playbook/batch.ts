import type { Play } from '../../core/playbook.ts';
import type { Outcome } from '../task/outcome.ts';
import type { Scheduler } from './scheduler.ts';

/** What the hosts of a batch share: the failed hosts, and the tasks that run once for all of them. */
export interface Batch {
  /** True once the play must end on all hosts: each stops before its next task. */
  readonly stopped: () => boolean;
  /** Records that a host failed or was lost. */
  readonly fail: (host: string) => void;
  /**
   * Does the work on the first host; the others wait for its outcome and get it. Undefined if the work
   * was interrupted: the next host that asks does it then.
   */
  readonly once: (key: string, work: () => Promise<Outcome>) => Promise<{ outcome: Outcome; mine: boolean }>;
  readonly scheduler: Scheduler;
}

/** A batch of a play, with `size` hosts. */
export function batchOf(play: Play, size: number, scheduler: Scheduler): Batch {
  const failed = new Set<string>();
  const claims = new Map<string, Promise<Outcome | undefined>>();
  const once: Batch['once'] = async (key, work) => {
    for (let claim = claims.get(key); claim !== undefined; claim = claims.get(key)) {
      const outcome = await claim;
      if (outcome !== undefined) return { outcome, mine: false };
    }
    const doing = work();
    claims.set(
      key,
      doing.catch(() => {
        claims.delete(key);
        return undefined;
      }),
    );
    return { outcome: await doing, mine: true };
  };
  return {
    stopped: () => {
      if (failed.size === 0) return false;
      if (play.anyErrorsFatal === true) return true;
      // Ansible's rule: the percentage must be exceeded, not met.
      return play.maxFailPercentage !== undefined && (100 * failed.size) / size > play.maxFailPercentage;
    },
    fail: (host) => {
      failed.add(host);
    },
    once,
    scheduler,
  };
}
