import { collectRecorded } from '../handlers/handlers.ts';
import { parseRecorded } from '../handlers/pending-handlers.ts';
import type { HostRun } from './host-run.ts';

/**
 * Logs in again where the line is down. The first who asks is told why it went down; whoever comes later, because
 * something may have been done about it meanwhile, has it tried anew. What was read before may be old.
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
