import { HealError } from '../../core/errors.ts';
import { collectRecorded } from '../handlers/handlers.ts';
import { parseRecorded } from '../handlers/pending-handlers.ts';
import { failedBy } from '../task/ended.ts';
import type { Instance } from '../task/instance.ts';
import type { Ended } from '../task/outcome.ts';
import type { HostRun } from './host-run.ts';

/**
 * Logs in again if the connection is lost. The first task gets the error of the lost connection; for a later task, because the
 * cause may be fixed by then, heal tries to log in. Earlier answers may be outdated.
 */
export async function reconnect(run: HostRun): Promise<void> {
  const { cut, line } = run;
  if (cut === undefined || line === undefined) return;
  if (!cut.reported) throw cut.error;
  const isFirst = line.setup() === undefined;
  run.setup = await line.renew();
  run.cut = undefined;
  run.cache.attempt(['everything']);
  if (!isFirst) return;
  run.recorded.push(...run.setup.pending.flatMap((text) => parseRecorded(text) ?? []));
  collectRecorded(run);
}

/**
 * A lost connection ends the host's part of the run, unless the task ignores it, or other tasks handle it:
 * then it is a failure, and heal logs in again for the next task that needs the connection.
 */
export async function whileReachable(
  run: HostRun,
  instance: Instance,
  minds: boolean,
  work: () => Promise<Ended>,
): Promise<Ended> {
  try {
    if (instance.task.delegateTo === undefined) await reconnect(run);
    return await work();
  } catch (error) {
    if (!(error instanceof HealError) || error.kind !== 'unreachable') throw error;
    const ignored = instance.task.ignoreUnreachable === true;
    if (!ignored && !minds) throw error;
    if (instance.task.delegateTo === undefined) run.cut = { error, reported: true };
    return { ...failedBy(error), ...(ignored ? { ignored } : { unreachable: true }) };
  }
}
