import type { Place } from '../../core/place.ts';
import type { Evaluated, Host, Known, Template, Value, Variables } from '../../core/playbook.ts';
import type { Inventory } from '../inventory/groups.ts';
import { Pending } from '../template/pending.ts';
import { usage } from '../yaml/problems.ts';
import type { Layer } from './layer.ts';
import { lazyMap, own } from './value.ts';

/** All values that one task on one host may see, as found in the files. */
export interface VariableSources {
  /** Weakest first. They are joined once for each such list: pass the same list for all tasks that share it. */
  readonly layers: readonly Layer[];
  /** `vars` of the task, which override all layers. */
  readonly task?: Layer['vars'];
  readonly extra: Layer;
  /** Values computed by heal: `groups`, `hostvars`. */
  readonly magic: Readonly<Record<string, () => Value>>;
  readonly known: Known['values'];
}

/** Joins sources to Variables. Values are evaluated on access, once; a cycle is a usage HealError. */
export function makeVariables(sources: VariableSources): Variables {
  return view(sources, {});
}

const joint = new WeakMap<readonly Layer[], Layer['vars']>();

/** The variables of several layers, of which the last one wins. */
export function joined(layers: readonly Layer[]): Layer['vars'] {
  const known = joint.get(layers);
  if (known !== undefined) return known;
  const vars: Layer['vars'] = Object.assign({}, ...layers.map((layer) => layer.vars));
  joint.set(layers, vars);
  return vars;
}

function view(sources: VariableSources, above: Readonly<Record<string, Evaluated<Value>>>): Variables {
  const { task = {}, extra, known, magic } = sources;
  const vars = joined(sources.layers);
  const done = new Map<string, Evaluated<Value>>();
  const open: { name: string; at: Place }[] = [];

  const evaluate = (name: string, template: Template): Evaluated<Value> => {
    const before = done.get(name);
    if (before !== undefined) return before;
    const start = open.findIndex((one) => one.name === name);
    if (start >= 0) throw circle([...open.slice(start), { name, at: template.at }]);
    open.push({ name, at: template.at });
    try {
      const value = template.evaluate(variables);
      done.set(name, value);
      return value;
    } finally {
      open.pop();
    }
  };

  const variables: Variables = {
    lookup: (name) => {
      const top = own(above, name);
      if (top !== undefined) return top;
      const given = own(extra.vars, name);
      if (given !== undefined) return evaluate(name, given);
      const result = own(known, name);
      if (result !== undefined) return result;
      const template = own(task, name) ?? own(vars, name);
      if (template !== undefined) return evaluate(name, template);
      const made = own(magic, name);
      return made === undefined ? undefined : { kind: 'value', value: made() };
    },
    names: () => [...new Set([above, extra.vars, known, task, vars, magic].flatMap((names) => Object.keys(names)))],
    with: (more) => view(sources, { ...above, ...more }),
  };
  return variables;
}

function circle(path: readonly { name: string; at: Place }[]): Error {
  const first = path[0];
  const shown = path.map(({ name, at }) => `${name} (${at.file}:${at.line})`).join(' -> ');
  return usage(
    `variable "${first?.name}" refers to itself: ${shown}`,
    first?.at,
    'set one of them to a value that does not refer to the others',
  );
}

/** Inputs of the magic names from a play. */
export interface PlaySight {
  readonly playName?: string;
  readonly playHosts?: readonly string[];
  /** Names of its roles and their dependencies; undefined while they are still being read. */
  readonly playRoleNames?: () => readonly string[] | undefined;
  readonly roleName?: string;
  readonly roleDirectory?: string;
  readonly extra: Layer;
  /** What the run knows about another host, for `hostvars`. */
  readonly others?: (host: string) => Known['values'];
}

/** The magic names of one host. */
export function magicOf(host: Host, inventory: Inventory, sight: PlaySight): Record<string, () => Value> {
  const magic: Record<string, () => Value> = {
    inventory_hostname: () => host.name,
    inventory_hostname_short: () => host.name.split('.')[0] ?? host.name,
    group_names: () => host.groups.filter((group) => group !== 'all').sort(),
    groups: () => Object.fromEntries([...inventory.groups.values()].map((group) => [group.name, [...group.hosts]])),
    hostvars: () => hostvars(inventory, sight),
    // The run sets these three values; outside of a run they are false.
    heal_check_mode: () => false,
    heal_deep: () => false,
    role_changed: () => false,
  };
  const { playName, playHosts, playRoleNames, roleName, roleDirectory } = sight;
  if (playName !== undefined) magic['play_name'] = () => playName;
  if (playHosts !== undefined) magic['play_hosts'] = () => [...playHosts];
  if (playRoleNames !== undefined) {
    magic['play_role_names'] = () => {
      const names = playRoleNames();
      if (names === undefined) throw new Pending(['play_role_names']);
      return [...names];
    };
  }
  if (roleName !== undefined) magic['role_name'] = () => roleName;
  if (roleDirectory !== undefined) magic['role_path'] = () => roleDirectory;
  return magic;
}

function hostvars(inventory: Inventory, sight: PlaySight): Value {
  return lazyMap(inventory.hosts.keys(), (name) => {
    const host = inventory.hosts.get(name);
    if (host === undefined) return null;
    const variables = variablesOfHost(inventory, host, { ...sight, known: sight.others?.(name) ?? {} });
    return lazyMap(variables.names(), (key) => {
      const found = variables.lookup(key);
      if (found?.kind === 'pending') throw new Pending(found.names);
      return found?.value ?? null;
    });
  });
}

/** The variables of a host outside of any play: for its login, and for `hostvars`. */
export function variablesOfHost(
  inventory: Inventory,
  host: Host,
  sight: PlaySight & { readonly known?: Known['values'] },
): Variables {
  const layers = inventory.hosts.get(host.name)?.layers ?? [{ title: `host ${host.name}`, vars: host.vars }];
  return makeVariables({
    layers,
    extra: sight.extra,
    magic: magicOf(host, inventory, sight),
    known: sight.known ?? {},
  });
}
