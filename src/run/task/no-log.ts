import type { Change } from '../../core/change.ts';
import type { TaskDone } from '../../core/event.ts';
import type { Decision } from '../../core/module.ts';
import type { Task } from '../../core/playbook.ts';

/** What is shown in place of what `no_log` hides. */
export const hidden = 'hidden by no_log';

/**
 * A module's decision as the engine handles it. With `no_log`, titles and diffs are replaced here, where they leave the module: they
 * turn up in live lines, messages, plans of later tasks and records. The result stays, for tasks that use what is registered.
 */
export function withoutLog(decision: Decision, { noLog }: Pick<Task, 'noLog'>): Decision {
  if (!noLog) return decision;
  const changes = decision.changes.map(({ diff: _diff, ...change }): Change => ({ ...change, title: hidden }));
  return { ...decision, changes };
}

/** The end of a task as it is reported: with `no_log`, only how it ended. */
export function reported(done: TaskDone, { noLog }: Pick<Task, 'noLog'>): TaskDone {
  if (!noLog) return done;
  const { message: _message, hint: _hint, output: _output, result: _result, ...shown } = done;
  return { ...shown, noLog };
}
