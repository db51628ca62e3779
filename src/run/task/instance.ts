import type { Phase, Status, TaskInfo } from '../../core/event.ts';
import type { Module } from '../../core/module.ts';
import type { Result, Task, Value } from '../../core/playbook.ts';
import { hidden } from './no-log.ts';

/**
 * One task on one host, for one item of its loop: the unit that is asked for, decided and applied. A loop whose list
 * is not known yet stands as one instance that is unfolded when it is.
 */
export interface Instance {
  readonly task: Task;
  readonly module: Module;
  readonly phase: Phase;
  /** Set for each item of a loop. */
  readonly item?: { readonly value: Value; readonly index: number; readonly count: number };
  /** How often its questions were asked; a module that never stops asking is stopped. */
  asked: number;
  /** How the items before it ended; shared by the instances of one loop. */
  readonly siblings: Sibling[];
}

/** How one item of a loop ended. */
export interface Sibling {
  readonly status: Status;
  readonly result: Result;
}

/** An instance of a task that has no loop, or whose loop is still folded. */
export function instanceOf(task: Task, module: Module, phase: Phase): Instance {
  return { task, module, phase, asked: 0, siblings: [] };
}

/** The instances of a loop, one for each item, in order. */
export function unfold(instance: Instance, items: readonly Value[]): Instance[] {
  const siblings: Sibling[] = [];
  return items.map((value, index) => ({
    ...instance,
    siblings,
    item: { value, index, count: items.length },
  }));
}

/** What a person calls an item: its text, its name or id, or its number. */
export function itemLabel(item: NonNullable<Instance['item']>): string {
  const { value, index } = item;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const key of ['name', 'id', 'path', 'unit']) {
      const label: unknown = Reflect.get(value, key);
      if (typeof label === 'string') return label;
    }
  }
  return `#${index + 1}`;
}

/** How the outside knows it; `name` is the rendered one, or the text as written where it can't be rendered yet. */
export function infoOf(instance: Instance, name: string): TaskInfo {
  const { task, phase, item } = instance;
  return {
    id: task.id,
    name,
    module: task.module,
    ...(task.role === undefined ? {} : { role: task.role.name }),
    at: task.at,
    phase,
    ...(item === undefined ? {} : { item: task.noLog ? hidden : itemLabel(item) }),
  };
}
