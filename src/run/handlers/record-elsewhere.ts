import { HealError } from '../../core/errors.ts';
import { exchange } from '../host/exchange.ts';
import type { HostRun } from '../host/host-run.ts';
import { type PendingHandler, recordPending } from './pending-handlers.ts';

/**
 * Records the handlers of a delegated task before its changes, on the host that they will run on. The changes are sent to
 * another host, so this takes a program of its own.
 *
 * @param run on the host that the task is delegated to
 */
export async function recordIntended(run: HostRun, handlers: readonly PendingHandler[]): Promise<void> {
  const owner = run.delegatedBy;
  if (owner === undefined || owner.cut !== undefined || handlers.length === 0) return;
  const before = [...owner.queued.splice(0), ...handlers.map((handler) => recordPending(handler, 'intended'))];
  try {
    await exchange(owner.connection, { before, acts: [] }, [], run.settings.signal);
    for (const { handler } of handlers) run.recordedNow.add(handler);
  } catch (error) {
    // The task does not need the host that has just been lost: its next own task reports that.
    if (!(error instanceof HealError) || error.kind !== 'unreachable') throw error;
  }
}

/** Records that the changes were applied, with the next program of that host. Until then the intention is enough. */
export function queueLanded(run: HostRun, handlers: readonly PendingHandler[]): void {
  run.delegatedBy?.queued.push(...handlers.map((handler) => recordPending(handler, 'landed')));
}
