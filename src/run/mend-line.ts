import { parseDebt } from './debts.ts';
import { collectDebts } from './handlers.ts';
import type { HostRun } from './host-run.ts';

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
  run.debts.push(...run.hello.debts.flatMap((text) => parseDebt(text) ?? []));
  collectDebts(run);
}
