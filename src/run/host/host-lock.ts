import { isRoot } from '../../shell/prelude.ts';
import { type LockRequest, releaseLock } from '../../shell/run-lock.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { collectAgain } from '../handlers/handlers.ts';
import { parseRecorded } from '../handlers/pending-handlers.ts';
import { exchange, type Watch } from './exchange.ts';
import type { HostRun } from './host-run.ts';

/** The lock that a program must acquire before it changes the host; undefined if this run has it, or uses none. */
export function lockOf({ line, settings: { lock }, setup }: HostRun): LockRequest | undefined {
  if (lock === undefined || line === undefined || line.locked) return undefined;
  const { timeout, run, who } = lock;
  return { uid: setup.facts.uid, run, who: who(), timeout, seen: (line.setup() ?? setup).lock };
}

/**
 * Releases the lock while the host waits for others, as between the phases of a play: two runs that wait while they have locks
 * could wait for each other. Before that, it records on the host what is queued about handlers, because the next run with the lock
 * runs the handlers that are recorded.
 */
export function unlock({ line, setup, queued }: HostRun): void {
  if (line === undefined || !line.locked) return;
  line.locked = false;
  const notes = queued.splice(0);
  const written = notes.length === 0 ? [] : [sh`(`, isRoot, ...notes, sh`) 3>&- 9>&-`];
  line.load(joinSh([...written, releaseLock({ uid: setup.facts.uid })], '\n'));
}

/** Reports that a program waits for the lock. */
export function lockWatch({
  host,
  delegatedBy,
  connection,
  settings: { emit, lock },
}: HostRun): Pick<Watch, 'waits' | 'unlocked'> {
  return {
    waits: (holder) =>
      emit({
        type: 'warning',
        host: host.name,
        message: `waiting for another run that is changing ${delegatedBy === undefined ? 'this host' : connection.host}: ${holder}`,
        hint: `this run waits up to ${lock?.timeout} s; --lock-timeout changes that`,
      }),
    unlocked: () =>
      emit({
        type: 'warning',
        host: host.name,
        message: 'no lock can be created on the host, so other runs can change it at the same time',
        hint: 'check that /run, or the home directory of the account, is writable',
      }),
  };
}

/** Acquires the lock with a program of its own. True if another run had it. */
export async function lockAhead(run: HostRun, lock: LockRequest): Promise<boolean> {
  const { stale = false } = await exchange(run.connection, { lock, acts: [] }, [], run.settings.signal, lockWatch(run));
  if (run.line !== undefined) run.line.locked = true;
  if (stale) await startOver(run);
  return stale;
}

/** After another run had the lock: answers and pending handlers from before are outdated. */
export async function startOver(run: HostRun): Promise<void> {
  if (run.line === undefined) return;
  run.line.locked = true;
  const before = run.queued.splice(0);
  if (before.length > 0) await exchange(run.connection, { before, acts: [] }, [], run.settings.signal);
  run.setup = await run.line.refresh(run.settings.signal);
  run.cache.attempt(['everything']);
  // The pending handlers of a host are its own.
  if (run.delegatedBy !== undefined) return;
  collectAgain(
    run,
    run.setup.pending.flatMap((text) => parseRecorded(text) ?? []),
  );
}
