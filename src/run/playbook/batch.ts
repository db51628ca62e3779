import type { Play } from '../../core/playbook.ts';
import { type StateCache, stateCache } from '../host/state-cache.ts';
import type { Outcome } from '../task/outcome.ts';
import type { Scheduler } from './scheduler.ts';

/** What the hosts of a batch share: the failed hosts, the tasks that run once for all of them, and what is delegated. */
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
  /** The answers of a host, also of one that is not in the batch, but has tasks delegated to it. */
  readonly cacheOf: (host: string) => StateCache;
  /** Runs delegated work on a host after the work that was passed before: one at a time. */
  readonly runExclusive: <T>(host: string, work: () => Promise<T>) => Promise<T>;
}

/** A batch of a play, with `size` hosts. */
export function batchOf(play: Play, size: number, scheduler: Scheduler): Batch {
  const failed = new Set<string>();
  const caches = new Map<string, StateCache>();
  const last = new Map<string, Promise<unknown>>();
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
    cacheOf: (host) => {
      const cache = caches.get(host) ?? stateCache();
      caches.set(host, cache);
      return cache;
    },
    runExclusive: (host, work) => {
      const done = (last.get(host) ?? Promise.resolve()).then(work);
      last.set(
        host,
        done.catch(() => {}),
      );
      return done;
    },
  };
}
