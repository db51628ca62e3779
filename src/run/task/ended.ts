import { HealError } from '../../core/errors.ts';
import type { HostRun } from '../host/host-run.ts';
import type { TaskEvaluation } from './evaluate-task.ts';
import type { Ended } from './outcome.ts';

/** The result of an instance that was evaluated, but has nothing to apply. */
export function endOf(run: HostRun, evaluation: Exclude<TaskEvaluation, { kind: 'asks' | 'decided' }>): Ended {
  switch (evaluation.kind) {
    case 'skipped':
      return { status: 'skipped', message: evaluation.why };
    case 'failed':
      return failedBy(evaluation);
    case 'unknown':
      return { status: 'unknown', message: evaluation.why };
    case 'waits': {
      const names = [...new Set(evaluation.names)].join(', ');
      if (run.settings.check)
        return {
          status: 'unknown',
          message: `it depends on ${names}, known only in a run`,
        };
      return {
        status: 'failed',
        message: `${names} has no value yet`,
        hint: 'register it in a task before this one',
      };
    }
  }
}

/** The result of the work; an error of the host is the task's failure. */
export async function orFailed<T>(work: () => Promise<T>): Promise<T | Ended> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HealError) || error.kind !== 'failed') throw error;
    return failedBy(error);
  }
}

/** The failure that an error describes. */
export function failedBy({ message, hint }: { readonly message: string; readonly hint?: string | undefined }): Ended {
  return { status: 'failed', message, ...(hint === undefined ? {} : { hint }) };
}
