import { constant } from '../template/template.ts';
import { isList } from '../variables/value.ts';
import { usage } from '../yaml/problems.ts';
import { entryOf, type MapNode } from '../yaml/yaml-file.ts';
import { constantValue } from './constant-node.ts';
import { readVars } from './inherited-keywords.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { loopKeywords, readLoop } from './loop.ts';
import { prefix } from './module-defaults.ts';

/** One time that a file or a role is included: the entry without its loop, and what it inherits. */
export interface Inclusion {
  readonly map: MapNode;
  readonly inherited: Inherited;
}

/**
 * The loop of `include_tasks` or `include_role`: the tasks are read once for each item, so the list must be known before the run
 * and be the same for all hosts. An entry without a loop, or an import, which has none, is included once.
 */
export function inclusions(map: MapNode, context: TaskContext, inherited: Inherited): Inclusion[] {
  const included = map.entries.some(({ key }) => key.replace(prefix, '').startsWith('include_'));
  const own = map.entries.filter(({ key }) => loopKeywords.includes(key));
  if (!included || own.length === 0) return [{ map, inherited }];
  const vars = { ...inherited.vars, ...readVars(map, context) };
  const { problems } = context.loading;
  const control = entryOf(map, 'loop_control')?.value;
  for (const { key, at } of control?.kind === 'map' ? control.entries : []) {
    if (key === 'label' || key === 'pause')
      problems.add(
        `"${key}" is not supported at an include`,
        at,
        'remove it: heal shows and runs each included task separately',
      );
  }
  const { loop, loopVar, loopControl } = readLoop(map, context, vars);
  const value = loop && constantValue(loop, '"loop"', context, vars);
  if (loop === undefined || value === undefined) return [];
  const items = problems.attempt(() => {
    if (isList(value)) return value;
    throw usage('"loop" must be a list', loop.at, 'begin each of its entries with "- "');
  });
  const rest: MapNode = { ...map, entries: map.entries.filter((entry) => !own.includes(entry)) };
  return (items ?? []).map((item, index) => {
    const { indexVar } = loopControl ?? {};
    const more = {
      [loopVar]: constant(item, loop.at),
      ...(indexVar === undefined ? {} : { [indexVar]: constant(index, loop.at) }),
    };
    return { map: rest, inherited: { ...inherited, vars: { ...inherited.vars, ...more } } };
  });
}
