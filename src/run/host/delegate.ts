import { HealError } from '../../core/errors.ts';
import type { Ended } from '../task/outcome.ts';
import { unlock } from './host-lock.ts';
import type { Delegate, HostRun } from './host-run.ts';

/**
 * Runs an attempt at a task on the host that the task names. Variables, facts and results are those of `run`, as in Ansible. Like
 * a host that waits for others, `run` has no lock meanwhile.
 *
 * @throws HealError of kind `unreachable` if that host can't be reached
 */
export async function onDelegate(
  run: HostRun,
  target: string,
  attempt: (there: HostRun) => Promise<Ended>,
): Promise<Ended> {
  let delegate: Delegate | undefined;
  try {
    delegate = await run.delegate(target);
    const { connection, cache, line, setup, alone } = delegate;
    if (line !== undefined) unlock(run);
    const there: HostRun = { ...run, connection, cache, line, setup: setup ?? run.setup, origin: run, queued: [] };
    return await alone(async () => {
      try {
        return await attempt(there);
      } finally {
        unlock(there);
      }
    });
  } catch (error) {
    if (!(error instanceof HealError) || error.kind !== 'unreachable') throw error;
    delegate?.lose();
    const { message, hint, cause } = error;
    throw new HealError('unreachable', `delegated to ${target}: ${message}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
