import type { Phase, Status, TaskInfo } from '../../core/event.ts';
import type { Module } from '../../core/module.ts';
import type { Result, Task, Value } from '../../core/playbook.ts';
import { hidden } from './no-log.ts';

/**
 * One task on one host, for one item of its loop: the unit of questions, decisions and changes. A loop whose list
 * is not known yet is one instance that is unfolded later.
 */
export interface Instance {
  readonly task: Task;
  readonly module: Module;
  readonly phase: Phase;
  /** Set for each item of a loop. */
  readonly item?: { readonly value: Value; readonly index: number; readonly count: number };
  /** Number of rounds of questions; a module that never stops asking is stopped. */
  asked: number;
  /** The results of the items before it; shared by the instances of one loop. */
  readonly siblings: Sibling[];
}

/** The result of one item of a loop. */
export interface Sibling {
  readonly status: Status;
  readonly result: Result;
  /** Variables of the item. */
  readonly variables: Readonly<Record<string, Value>>;
}

/** An instance of a task without a loop, or with a loop that is still folded. */
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

/** The variables of an item: `loop_var` with its value, and `index_var` with its number from 0. */
export function loopVariables({ task, item }: Pick<Instance, 'task' | 'item'>): Readonly<Record<string, Value>> {
  if (item === undefined) return {};
  const { indexVar } = task.loopControl ?? {};
  return { [task.loopVar]: item.value, ...(indexVar === undefined ? {} : { [indexVar]: item.index }) };
}

/** The label of an item for users: its text, its name or id, or its number. */
export function itemLabel(item: NonNullable<Instance['item']>): string {
  const { value, index } = item;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const key of ['name', 'id', 'path', 'unit', 'item']) {
      const label: unknown = Reflect.get(value, key);
      if (typeof label === 'string') return label;
    }
  }
  return `#${index + 1}`;
}

/** The instance in events; `name` is the rendered name, or the name as written if it can't be rendered yet. */
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

/** Whether a task's change means that a check failed, so that it is not applied. */
export function isCheck({ phase }: Pick<Instance, 'phase'>): boolean {
  return phase === 'verify' || phase === 'score' || phase === 'heal';
}
