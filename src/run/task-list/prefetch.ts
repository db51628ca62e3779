import { exchange } from '../host/exchange.ts';
import type { HostRun } from '../host/host-run.ts';
import type { Instance } from '../task/instance.ts';
import { gather } from './gather.ts';

/** Asks, in one program, all questions that this list has now. */
export async function prefetch(
  run: HostRun,
  list: Instance[],
  from: number,
  later: readonly Instance[],
): Promise<number> {
  const questions = await gather(run, list, from, later);
  if (questions.length === 0 && run.queued.length === 0) return 0;
  const { answers } = await exchange(
    run.connection,
    { acts: [], before: run.queued.splice(0) },
    questions,
    run.settings.signal,
  );
  for (const [question, state] of answers) run.cache.put(question, state);
  for (const instance of [...list.slice(from), ...later]) instance.asked += 1;
  return questions.length;
}
