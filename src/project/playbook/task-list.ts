/**
 * Lists of tasks, as written in a play, a role or an imported file. Blocks and imports are resolved here: the result
 * contains only tasks, in the order in which they run, each with its inherited keywords.
 */
import type { Block, BlockPart, Task } from '../../core/playbook.ts';
import { asList, checkKeys, field } from '../yaml/fields.ts';
import { type Entry, entryOf, type MapNode, type Node } from '../yaml/yaml-file.ts';
import { readImportedRole, readImportedTasks } from './import.ts';
import { inclusions } from './include-loop.ts';
import { readInherited } from './inherited-keywords.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { prefix } from './module-defaults.ts';
import { readTask } from './task.ts';
import { nestedKeywords, refusedInBlock } from './task-keywords.ts';

/** What a list may contain besides plain tasks: handlers are called by name, so they can't be in a block. */
export type Allowed = 'all' | 'files';

const parts = ['block', 'rescue', 'always'] as const;

/** Reads a list of tasks. Errors are reported to the Problems. */
export async function readTasks(
  items: readonly Node[],
  context: TaskContext,
  inherited: Inherited,
  allowed: Allowed = 'all',
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const [index, node] of items.entries()) {
    const special = node.kind === 'map' ? specialOf(node, context) : undefined;
    if (node.kind !== 'map' || special === undefined) {
      const task = readTask(node, index, context, inherited);
      if (task !== undefined) tasks.push(task);
    } else tasks.push(...(await readSpecial(node, special, index, context, inherited, allowed)));
  }
  return tasks;
}

/** Reads a key that contains a list of tasks. */
export async function readTasksOf(
  map: MapNode,
  key: string,
  context: TaskContext,
  inherited: Inherited,
  allowed: Allowed = 'all',
): Promise<Task[]> {
  const list = field(map, key, asList, context.loading.problems);
  const below = { ...context, idBase: `${context.idBase}/${key}` };
  return readTasks(list?.items ?? [], below, inherited, allowed);
}

type Special = 'block' | 'tasks' | 'role';

function specialOf(map: MapNode, { loading }: TaskContext): Special | undefined {
  for (const { key, value } of map.entries) {
    // A module with this name (text in a file) expects arguments; a block is a list of tasks.
    if (key === 'block' && value.kind === 'map' && loading.catalogue.has('block')) return undefined;
    if (parts.some((part) => part === key)) return 'block';
    const name = key.replace(prefix, '');
    if (name === 'import_tasks' || name === 'include_tasks') return 'tasks';
    if (name === 'import_role' || name === 'include_role') return 'role';
  }
  return undefined;
}

async function readSpecial(
  map: MapNode,
  special: Special,
  index: number,
  context: TaskContext,
  inherited: Inherited,
  allowed: Allowed,
): Promise<Task[]> {
  if (special === 'tasks') {
    const tasks: Task[] = [];
    for (const one of inclusions(map, context, inherited)) {
      const read = readImportedTasks(one.map, context, one.inherited, (items, below, down) =>
        readTasks(items, below, down, allowed),
      );
      tasks.push(...(await read));
    }
    return tasks;
  }
  if (allowed === 'files') {
    const [first] = map.entries.filter(({ key }) => key !== 'name');
    const hint = 'handlers are single tasks; several of them listen to one name by "listen"';
    context.loading.problems.add(`"${first?.key}" is not allowed among handlers`, first?.at ?? map.at, hint);
    return [];
  }
  if (special === 'block') return readBlock(map, index, context, inherited);
  const tasks: Task[] = [];
  for (const one of inclusions(map, context, inherited)) {
    tasks.push(...(await readImportedRole(one.map, context, one.inherited)));
  }
  return tasks;
}

async function readBlock(map: MapNode, index: number, context: TaskContext, above: Inherited): Promise<Task[]> {
  const { problems } = context.loading;
  checkKeys(map, 'a block', [...parts, 'notify', ...nestedKeywords], problems, refusedInBlock);
  if (entryOf(map, 'block') === undefined) {
    const [first] = parts.flatMap((part) => entryOf(map, part) ?? []);
    problems.add(`"${first?.key}" has no "block"`, first?.at ?? map.at, 'write the tasks that may fail below "block"');
  }
  const name = nameOf(entryOf(map, 'name'));
  const id = `${context.idBase}#${index + 1}`;
  const block: Block = { id, at: map.at, ...(name === undefined ? {} : { name }) };
  const down = readInherited(map, context, above);
  const tasks: Task[] = [];
  for (const part of parts) {
    const stands: BlockPart = { block, part };
    const inside = { ...down, blocks: [...down.blocks, stands] };
    tasks.push(...(await readTasksOf(map, part, { ...context, idBase: id }, inside)));
  }
  return tasks;
}

function nameOf(entry: Entry | undefined): string | undefined {
  return entry?.value.kind === 'scalar' && entry.value.value !== null ? String(entry.value.value) : undefined;
}
