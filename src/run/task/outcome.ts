import { HealError } from '../../core/errors.ts';
import type { ChangeInfo, Status } from '../../core/event.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Result, Variables } from '../../core/playbook.ts';
import type { ActDone } from '../host/exchange.ts';
import type { Instance } from './instance.ts';

/** The result of an instance before its keywords (`changed_when`, `failed_when`) are applied. */
export interface Ended {
  readonly status: Status;
  readonly changes?: readonly ChangeInfo[];
  readonly message?: string;
  readonly hint?: string;
  readonly output?: { readonly code?: number; readonly stdout?: string; readonly stderr?: string };
  readonly result?: JsonObject;
  /** Failed, but its task ignores this failure. */
  readonly ignored?: boolean;
  /** Failed because the host could not be reached. */
  readonly unreachable?: boolean;
}

/** The same after its keywords, with the result that `register` stores. */
export interface Outcome extends Ended {
  readonly result: Result;
  /** Whether `until` is true, if it is given. */
  readonly enough: boolean;
}

/** The result of a loop over nothing. */
export const emptyLoop: Result = { results: [], changed: false, failed: false, skipped: true };

/**
 * Applies `until`, `changed_when` and `failed_when`, in Ansible's order, and creates the registered result. As in Ansible,
 * a condition that can't be evaluated on the result (`int(r.stdout)` of letters) is a failure of the task.
 */
export function outcomeOf(
  instance: Instance,
  ended: Ended,
  variables: (result: Result) => Variables,
  attempts = 1,
): Outcome {
  try {
    return withKeywords(instance, ended, variables, attempts);
  } catch (error) {
    if (!(error instanceof HealError)) throw error;
    const { message, hint } = error;
    const result = { ...ended.result, changed: false, failed: true, skipped: false, msg: message };
    return { ...ended, status: 'failed', message, ...(hint === undefined ? {} : { hint }), result, enough: true };
  }
}

function withKeywords(
  instance: Instance,
  ended: Ended,
  variables: (result: Result) => Variables,
  attempts: number,
): Outcome {
  const { task } = instance;
  let { status, message } = ended;
  const resultOf = (): Result => ({
    ...ended.result,
    changed: status === 'changed',
    failed: status === 'failed',
    skipped: status === 'skipped',
    ...(message === undefined ? {} : { msg: message }),
    // As in Ansible: the number of attempts of a task with `until` so far.
    ...(task.until === undefined ? {} : { attempts }),
  });
  if (status === 'skipped' || status === 'unknown') return { ...ended, result: resultOf(), enough: true };

  const holds = (conditions: Instance['task']['when']): string | undefined => {
    for (const condition of conditions) {
      const met = condition.evaluate(variables(resultOf()));
      if (met.kind === 'value' && !met.value) return undefined;
      if (met.kind === 'pending') return undefined;
    }
    return conditions.map((condition) => condition.source).join(' and ');
  };
  if (task.changedWhen.length > 0 && status !== 'failed') {
    status = holds(task.changedWhen) === undefined ? 'ok' : 'changed';
  }
  if (task.failedWhen.length > 0) {
    const reason = holds(task.failedWhen);
    if (reason !== undefined) {
      status = 'failed';
      message = `failed_when: ${reason}`;
    } else if (status === 'failed' && ended.result !== undefined) {
      // The keyword defines failure, in both directions.
      status = (ended.changes ?? []).length > 0 ? 'changed' : 'ok';
      message = undefined;
    }
  }
  const until = task.until?.evaluate(variables(resultOf()));
  const enough = until === undefined ? true : until.kind === 'value' && until.value;
  const { message: _dropped, ...rest } = ended;
  return { ...rest, status, ...(message === undefined ? {} : { message }), result: resultOf(), enough };
}

/** The output of a command, as `register` stores it. */
export function printed(done: ActDone): { readonly [key: string]: Json } {
  const stdout = trimNewline(done.stdout.toString('utf8'));
  const stderr = trimNewline(done.stderr.toString('utf8'));
  return {
    rc: done.code,
    stdout,
    stderr,
    stdout_lines: stdout === '' ? [] : stdout.split('\n'),
    stderr_lines: stderr === '' ? [] : stderr.split('\n'),
    ...(done.truncated ? { truncated: true } : {}),
  };
}

/** Both `$( )` and Ansible remove the final newlines. */
function trimNewline(text: string): string {
  // Not with a regular expression: on a long run of newlines inside the text it would be quadratic.
  let end = text.length;
  while (text[end - 1] === '\n') end -= 1;
  return text.slice(0, end < text.length && text[end - 1] === '\r' ? end - 1 : end);
}
