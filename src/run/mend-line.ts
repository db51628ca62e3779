import { collectRecorded } from './handlers.ts';
import type { HostRun } from './host-run.ts';
import { parseRecorded } from './pending-handlers.ts';

/**
 * Logs in again where the line is down. The first who asks is told why it went down; whoever comes later, because
 * something may have been done about it meanwhile, has it tried anew. What was read before may be old.
 */
export async function mendLine(run: HostRun): Promise<void> {
  const { cut, line } = run;
  if (cut === undefined || line === undefined) return;
  if (!cut.told) throw cut.error;
  const isFirst = line.hello() === undefined;
  run.hello = await line.renew();
  run.cut = undefined;
  run.book.attempt(['everything']);
  if (!isFirst) return;
  run.recorded.push(...run.hello.pending.flatMap((text) => parseRecorded(text) ?? []));
  collectRecorded(run);
}
