import type { Host, Known, Role, Task, Variables } from '../../core/playbook.ts';
import type { Inventory, InventoryHost } from '../inventory/groups.ts';
import type { Layer } from '../variables/layer.ts';
import { magicOf, makeVariables } from '../variables/variables.ts';
import type { HostView, Inherited, Loading, PlayScope, RoleUse, TaskContext } from './loading.ts';
import { type LoadedRole, type RoleLayers, readRoleHead, readRoleTasks, stablePath } from './role.ts';

/** Inputs of a play in addition to its files. */
export interface PlaySettings {
  readonly inventory: Inventory;
  readonly extra: Layer;
}

/** The part of a play that is read before its tasks. */
export interface PlayHead {
  readonly name: string;
  readonly hosts: readonly InventoryHost[];
  /** Its vars, then those of its vars_files. */
  readonly layers: readonly Layer[];
  readonly settings: PlaySettings;
  readonly loading: Loading;
}

/** The roles of a play and the variables of each of its tasks; roles are added while the tasks are read. */
export interface PlayRoles {
  readonly scope: PlayScope;
  /** In the order in which they run; a role follows its dependencies. */
  readonly roles: readonly LoadedRole[];
  /** Weakest first: the layers of a task of this role on this host; the same list each time, once all files are read. */
  readonly layersOf: (host: InventoryHost | undefined, role: Role | undefined) => readonly Layer[];
  readonly variables: (host: Host, task: Task | undefined, known: Known) => Variables;
}

/** A play without roles yet. */
export function playHostViews(head: PlayHead): PlayRoles {
  const { name, hosts, settings, loading } = head;
  const roles: LoadedRole[] = [];
  const layersBefore = new Map<Role, RoleLayers>();
  const bases = new Map<Role | undefined, Map<InventoryHost | undefined, readonly Layer[]>>();
  const counts = new Map<string, number>();
  const done = new Set<string>();

  const layersOf: PlayRoles['layersOf'] = (host, role) => {
    const ofRole = bases.get(role) ?? new Map();
    bases.set(role, ofRole);
    const known = ofRole.get(host);
    if (known !== undefined) return known;
    const own = role === undefined ? undefined : layersBefore.get(role);
    const open = roles.filter((one) => one.open);
    const base = [
      ...open.map((one) => one.defaults),
      ...(own === undefined ? [] : [own.defaults]),
      ...(host?.layers ?? []),
      ...head.layers,
      ...open.map((one) => one.vars),
      ...(own === undefined ? [] : [own.vars, own.params]),
    ];
    ofRole.set(host, base);
    return base;
  };

  const sightOf = (role: Role | undefined) => ({
    playName: name,
    playHosts: hosts.map((host) => host.name),
    extra: settings.extra,
    ...(role === undefined ? {} : { roleName: role.name, roleDirectory: role.directory }),
  });

  const views = (role: Role | undefined, vars: Inherited['vars']): HostView[] =>
    hosts.map((host) => ({
      host: host.name,
      variables: makeVariables({
        layers: layersOf(host, role),
        task: vars,
        extra: settings.extra,
        magic: magicOf(host, settings.inventory, { ...sightOf(role), playRoleNames: () => undefined }),
        known: { facts: { kind: 'pending', names: ['facts'] } },
      }),
    }));

  const idBase = (path: string): string => {
    const shown = stablePath(path, loading.roots);
    const count = (counts.get(shown) ?? 0) + 1;
    counts.set(shown, count);
    return count === 1 ? shown : `${shown}@${count}`;
  };

  const addRole = async (use: RoleUse, within: readonly string[]): Promise<Task[]> => {
    if (within.includes(`role ${use.name}`)) {
      const path = [...within, `role ${use.name}`].filter((one) => one.startsWith('role ')).map((one) => one.slice(5));
      const way = path.slice(path.indexOf(use.name)).join(' -> ');
      const hint = 'remove one of these dependencies';
      loading.problems.add(`role "${use.name}" depends on itself: ${way}`, use.at, hint);
      return [];
    }
    const { onlyOn } = use;
    // What some hosts have run, the others have not.
    const key = onlyOn === undefined ? use.key : undefined;
    if (key !== undefined && done.has(key)) return [];
    if (key !== undefined) done.add(key);
    const hosts = onlyOn === undefined ? {} : { onlyOn };
    const inRole = [...within, `role ${use.name}`];
    const context: TaskContext = { loading, scope, path: '', idBase: '', within: inRole, ...hosts };
    const role = await readRoleHead(use, context);
    if (role === undefined) return [];
    const tasks: Task[] = [];
    for (const dependency of role.dependencies) tasks.push(...(await addRole({ ...dependency, ...hosts }, inRole)));
    layersBefore.set(role.role, role);
    bases.clear();
    const loaded = await readRoleTasks(role, context);
    roles.push(loaded);
    bases.clear();
    return [...tasks, ...loaded.tasks];
  };

  const scope: PlayScope = { idBase, views, addRole };
  return {
    scope,
    roles,
    layersOf,
    variables: (host, task, known) =>
      makeVariables({
        layers: layersOf(settings.inventory.hosts.get(host.name), task?.role),
        ...(task === undefined ? {} : { task: task.vars }),
        extra: settings.extra,
        magic: magicOf(host, settings.inventory, {
          ...sightOf(task?.role),
          playRoleNames: () => [...new Set(roles.map((loaded) => loaded.role.name))],
          ...(known.others === undefined ? {} : { others: known.others }),
        }),
        known: known.values,
      }),
  };
}
