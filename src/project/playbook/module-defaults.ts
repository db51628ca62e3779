import type { ModuleSchema } from '../../core/playbook.ts';
import { own } from '../variables/value.ts';
import { asMap, field } from '../yaml/fields.ts';
import type { Problems } from '../yaml/problems.ts';
import { didYouMean } from '../yaml/spelling.ts';
import { type Entry, entryOf, type MapNode } from '../yaml/yaml-file.ts';
import type { Inherited, TaskContext } from './loading.ts';

/** Ansible's long names of builtin modules. */
export const prefix = /^ansible\.(builtin|legacy)\./;

/** `module_defaults`: arguments by module. Those of a nearer object replace all arguments of a module, as in Ansible. */
export function readModuleDefaults(
  map: MapNode,
  { loading: { catalogue, problems } }: TaskContext,
  above: Inherited['moduleDefaults'],
): Inherited['moduleDefaults'] {
  const node = field(map, 'module_defaults', asMap, problems);
  const defaults: Record<string, readonly Entry[]> = {};
  for (const { key, at, value } of node?.entries ?? []) {
    const module = catalogue.get(key.replace(prefix, ''));
    const args = module && asMap(value, `"${key}"`, problems);
    if (args !== undefined && module !== undefined)
      defaults[module.name] = withoutAliases(module, args, problems).entries;
    else if (module === undefined) {
      const hint = key.startsWith('group/') ? 'name each module of the group' : undefined;
      problems.add(
        `there is no module "${key}"`,
        at,
        hint ?? didYouMean(key, [...catalogue.keys()], 'docs/modules.md lists them'),
      );
    }
  }
  return { ...above, ...defaults };
}

/** The arguments of a task, with the defaults of its module for those that it does not have. */
export function withDefaults(module: ModuleSchema, node: MapNode, defaults: Inherited['moduleDefaults']): MapNode {
  const more = (own(defaults, module.name) ?? []).filter(({ key }) => entryOf(node, key) === undefined);
  return more.length === 0 ? node : { ...node, entries: [...node.entries, ...more] };
}

/** The arguments under the names of heal. */
export function withoutAliases({ aliases = {} }: ModuleSchema, node: MapNode, problems: Problems): MapNode {
  return {
    ...node,
    entries: node.entries.map((entry) => {
      const name = own(aliases, entry.key);
      if (name === undefined) return entry;
      if (entryOf(node, name) !== undefined)
        problems.add(`"${entry.key}" and "${name}" are the same argument`, entry.at, 'keep one of the two');
      return { ...entry, key: name };
    }),
  };
}
