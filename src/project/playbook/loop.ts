import type { LoopControl, Task, Template } from '../../core/playbook.ts';
import { compileNode } from '../template/template.ts';
import { asDuration, asMap, asText, checkKeys, checkName, field } from '../yaml/fields.ts';
import type { Problems } from '../yaml/problems.ts';
import { type Entry, entryOf, type MapNode } from '../yaml/yaml-file.ts';
import { readSettled } from './inherited-keywords.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { loopLookups } from './loop-lookups.ts';

/** The keywords that `readLoop` reads. */
export const loopKeywords: readonly string[] = [...Object.keys(loopLookups), 'loop_control'];

/** `loop` and `loop_control` of a task. */
export function readLoop(
  map: MapNode,
  context: TaskContext,
  vars: Inherited['vars'],
): Pick<Task, 'loop' | 'loopVar' | 'loopControl'> {
  const { problems, secrets } = context.loading;
  const [entry, second] = map.entries.filter(({ key }) => Object.hasOwn(loopLookups, key));
  if (second !== undefined) {
    problems.add(
      `a task has one loop, but this has "${entry?.key}" and "${second.key}"`,
      second.at,
      'keep one of them',
    );
  }
  const wrong = entry?.value.kind === 'map' && entry.key !== 'with_dict';
  if (wrong) problems.add(`"${entry.key}" must be a list`, entry.value.at, 'begin each of its entries with "- "');
  const loop = entry && problems.attempt(() => opened(compileNode(entry.value, secrets), entry));
  return { ...(loop === undefined ? {} : { loop }), ...readControl(map, context, vars) };
}

function opened(inner: Template, entry: Entry): Template {
  const open = loopLookups[entry.key];
  if (open === undefined) return inner;
  return {
    ...inner,
    evaluate: (variables) => {
      const outcome = inner.evaluate(variables);
      return outcome.kind === 'pending' ? outcome : { kind: 'value', value: open(outcome.value, entry.value.at) };
    },
  };
}

function readControl(
  map: MapNode,
  context: TaskContext,
  vars: Inherited['vars'],
): Pick<Task, 'loopVar' | 'loopControl'> {
  const { problems, secrets } = context.loading;
  const entry = entryOf(map, 'loop_control');
  const control = entry === undefined ? undefined : asMap(entry.value, '"loop_control"', problems);
  if (control === undefined) return { loopVar: 'item' };
  checkKeys(control, '"loop_control"', ['loop_var', 'index_var', 'label', 'pause'], problems, {
    extended: { status: 'not yet', hint: 'index_var gives the number of the item, from 0' },
    extended_allitems: { status: 'not yet', hint: 'leave it out' },
    break_when: { status: 'not yet', hint: 'write "when" at the task' },
  });
  const label = entryOf(control, 'label');
  const compiled = label && problems.attempt(() => compileNode(label.value, secrets));
  const indexVar = nameField(control, 'index_var', problems);
  const pause = readSettled(control, 'pause', asDuration, context, vars);
  const more: LoopControl = {
    ...(compiled === undefined ? {} : { label: compiled }),
    ...(indexVar === undefined ? {} : { indexVar }),
    ...(pause === undefined || pause === 0 ? {} : { pause }),
  };
  return {
    loopVar: nameField(control, 'loop_var', problems) ?? 'item',
    ...(Object.keys(more).length === 0 ? {} : { loopControl: more }),
  };
}

/** A key that names a variable. */
export function nameField(map: MapNode, key: string, problems: Problems): string | undefined {
  const name = field(map, key, asText, problems);
  const entry = entryOf(map, key);
  return name !== undefined && entry !== undefined && checkName(name, entry.value.at, problems) ? name : undefined;
}
