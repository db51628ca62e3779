import type { Change } from '../../core/change.ts';
import type { TaskDone } from '../../core/event.ts';
import type { Decision, Input } from '../../core/module.ts';
import type { Task } from '../../core/playbook.ts';

/** Replaces everything that `no_log` hides. */
export const hidden = 'hidden by no_log';

/**
 * A module's decision for the engine: secret parts are replaced here, before they can appear
 * in live lines, messages, plans of later tasks and records.
 *
 * - With `no_log`, titles and diffs. The result stays, for tasks that use what is registered.
 * - Diffs of a task that was given a secret. No mask knows the secret in the old content, if it is another one.
 */
export function shownDecision(
  decision: Decision,
  { noLog }: Pick<Task, 'noLog'>,
  { secret }: Pick<Input, 'secret'>,
): Decision {
  if (!noLog && secret !== true) return decision;
  const changes = decision.changes.map(({ diff, ...change }): Change => {
    if (noLog) return { ...change, title: hidden };
    return diff === undefined ? change : { ...change, diff: { before: '', after: '', secret: true } };
  });
  return { ...decision, changes };
}

/** The result of a task for reports: with `no_log`, only its status. */
export function reported(done: TaskDone, { noLog }: Pick<Task, 'noLog'>): TaskDone {
  if (!noLog) return done;
  const { message: _message, hint: _hint, output: _output, result: _result, ...shown } = done;
  return { ...shown, noLog };
}
