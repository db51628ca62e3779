import type { Change } from '../../core/change.ts';
import type { TaskDone } from '../../core/event.ts';
import type { Decision, Input } from '../../core/module.ts';
import type { Task } from '../../core/playbook.ts';

/** What is shown in place of what `no_log` hides. */
export const hidden = 'hidden by no_log';

/**
 * A module's decision as the engine handles it: what must not be shown is replaced here, where it leaves the module, for it turns up
 * in live lines, messages, plans of later tasks and records.
 *
 * - With `no_log`, titles and diffs. The result stays, for tasks that use what is registered.
 * - Diffs of a task that was given a secret. No mask knows the secret that stands in the old text, if it is another one.
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

/** The end of a task as it is reported: with `no_log`, only how it ended. */
export function reported(done: TaskDone, { noLog }: Pick<Task, 'noLog'>): TaskDone {
  if (!noLog) return done;
  const { message: _message, hint: _hint, output: _output, result: _result, ...shown } = done;
  return { ...shown, noLog };
}
