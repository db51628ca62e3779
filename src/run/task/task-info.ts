import { HealError } from '../../core/errors.ts';
import type { TaskInfo } from '../../core/event.ts';
import type { Evaluated } from '../../core/playbook.ts';
import { variablesOf } from '../host/evaluate-on.ts';
import type { HostRun } from '../host/host-run.ts';
import { type Instance, infoOf } from './instance.ts';

/** An instance in events: its name and its item's label as far as they can be rendered now. */
export function describe(run: HostRun, instance: Instance, name: string): TaskInfo {
  const { item, task } = instance;
  const label = item === undefined || task.noLog ? undefined : task.loopControl?.label;
  const rendered = label === undefined ? undefined : shown(() => label.evaluate(variablesOf(run, instance, new Set())));
  const delegate = run.delegated.get(instance);
  const info = { ...infoOf(instance, name), ...(delegate === undefined ? {} : { delegate }) };
  return rendered === undefined ? info : { ...info, item: String(rendered) };
}

/** A task's name as far as it can be rendered now. */
export function nameOf(run: HostRun, instance: Instance, waitsFor: ReadonlySet<string>): string {
  const { task, item } = instance;
  // With no_log, a name that contains the item is shown as written in the file.
  const isHidden = task.noLog && item !== undefined;
  const variables = isHidden
    ? variablesOf(run, { task }, new Set([...waitsFor, task.loopVar]))
    : variablesOf(run, instance, waitsFor);
  const { name } = task;
  return shown(() => name.evaluate(variables)) ?? (isHidden ? name.source : undefined) ?? task.id;
}

/** A value for display; undefined while it is not known, or if it can't be evaluated with the host's results. */
function shown<T>(evaluate: () => Evaluated<T>): T | undefined {
  try {
    const evaluated = evaluate();
    return evaluated.kind === 'value' ? evaluated.value : undefined;
  } catch (error) {
    if (error instanceof HealError) return undefined;
    throw error;
  }
}
