import type { Task } from '../../core/playbook.ts';

/** Whether a host has a task: a file may be included for some of a play's hosts only. */
export function runsOn({ onlyOn }: Pick<Task, 'onlyOn'>, host: string): boolean {
  return onlyOn === undefined || onlyOn.has(host);
}
