import type { Drill, Heal, Task } from '../../core/playbook.ts';
import { compileConditions } from '../template/condition.ts';
import { asBoolean, asDuration, asList, asMap, asText, asTexts, checkKeys, field } from '../yaml/fields.ts';
import { entryOf, type ListNode, type MapNode, type Node } from '../yaml/yaml-file.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { readTask } from './task.ts';
import { readTasksOf } from './task-list.ts';

/** Seconds for a check of a drill without a time. */
const defaultWithin = 30;

/** Reads `roles/<name>/drills/main.yml`: a list of `{ name, prepare, break, heals, restore }`. */
export async function readDrills(
  list: ListNode | undefined,
  context: TaskContext,
  inherited: Inherited,
): Promise<Drill[]> {
  const drills: Drill[] = [];
  for (const [index, node] of (list?.items ?? []).entries()) {
    const drill = await readDrill(node, index, context, inherited);
    if (drill !== undefined) drills.push(drill);
  }
  return drills;
}

async function readDrill(
  node: Node,
  index: number,
  context: TaskContext,
  inherited: Inherited,
): Promise<Drill | undefined> {
  const { problems } = context.loading;
  const map = asMap(node, 'a drill', problems);
  if (map === undefined) return undefined;
  checkKeys(map, 'a drill', ['name', 'tags', 'disturbs', 'when', 'prepare', 'break', 'heals', 'restore'], problems);
  const id = `${context.idBase}#${index + 1}`;
  const name = field(map, 'name', asText, problems);
  if (entryOf(map, 'name') === undefined)
    problems.add('the drill has no name', map.at, 'add a "name" that says what breaks');
  for (const key of ['break', 'heals']) {
    if (entryOf(map, key) === undefined)
      problems.add(
        `the drill has no "${key}"`,
        map.at,
        `add a list of ${key === 'break' ? 'tasks that break it' : 'checks that must pass again'}`,
      );
  }
  const when = entryOf(map, 'when');
  const tasks = (key: string): Promise<Task[]> => readTasksOf(map, key, { ...context, idBase: id }, inherited);
  return {
    id,
    name: name ?? '',
    at: map.at,
    ...(context.role === undefined ? {} : { role: context.role }),
    tags: [...new Set([...inherited.tags, ...(field(map, 'tags', asTexts(true), problems) ?? [])])],
    disturbs: field(map, 'disturbs', asBoolean, problems) ?? true,
    when: (when && problems.attempt(() => compileConditions(when.value, '"when"'))) ?? [],
    prepare: await tasks('prepare'),
    break: await tasks('break'),
    heals: (field(map, 'heals', asList, problems)?.items ?? []).flatMap(
      (heal, at) => readHeal(heal, at, { ...context, idBase: `${id}/heals` }, inherited) ?? [],
    ),
    restore: await tasks('restore'),
  };
}

/** A task with one more key: the time within which its check must pass. */
function readHeal(node: Node, index: number, context: TaskContext, inherited: Inherited): Heal | undefined {
  const map = asMap(node, 'a check', context.loading.problems);
  if (map === undefined) return undefined;
  const within = field(map, 'within', asDuration, context.loading.problems) ?? defaultWithin;
  const rest: MapNode = { ...map, entries: map.entries.filter((entry) => entry.key !== 'within') };
  const task = readTask(rest, index, context, inherited);
  return task === undefined ? undefined : { task, within };
}
