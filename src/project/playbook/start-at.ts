import type { Play, Playbook, Task } from '../../core/playbook.ts';
import { usage } from '../yaml/problems.ts';
import { didYouMean } from '../yaml/spelling.ts';

/**
 * The tasks from the first one with this name on; undefined if no task has it. The name may be `role : task`, and contain
 * `*` and `?`, as in Ansible. `shown` returns the displayed name of a task.
 */
export function tasksFrom(
  tasks: readonly Task[],
  name: string,
  shown: (task: Task) => string,
): readonly Task[] | undefined {
  const pattern = glob(name);
  const start = tasks.findIndex((task) => {
    const own = [shown(task), task.name.source ?? task.id];
    return own.some((one) => one === name || pattern.test(one) || pattern.test(`${task.role?.name} : ${one}`));
  });
  return start < 0 ? undefined : tasks.slice(start);
}

/**
 * The playbook without everything before the first task with this name: whole plays, then tasks. Handlers and checks of
 * the remaining plays stay. Throws a usage HealError if no task has this name.
 */
export function startingAt<P extends Playbook>(
  playbook: P,
  name: string,
  shown: (task: Task, play: Play) => string,
): P {
  for (const [index, play] of playbook.plays.entries()) {
    const tasks = tasksFrom(play.tasks, name, (task) => shown(task, play));
    if (tasks !== undefined) return { ...playbook, plays: [{ ...play, tasks }, ...playbook.plays.slice(index + 1)] };
  }
  const names = playbook.plays.flatMap((play) => play.tasks.map((task) => shown(task, play)));
  const hint = didYouMean(name, names, '--list-tasks shows the names of all tasks');
  throw usage(`--start-at-task: there is no task "${name}" in ${playbook.name}`, undefined, hint);
}

function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\[\]]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
