import { dirname, resolve } from 'node:path';
import type { Host, Known, Play, Role, Task, Variables } from '../core/playbook.ts';
import { asBoolean, asList, asMap, asText, asTexts, checkKeys, field } from './fields.ts';
import type { Inventory, InventoryHost } from './groups.ts';
import { compileLayer, type Layer } from './layer.ts';
import type { Yaml } from './load-yaml.ts';
import type { Loading, TaskContext } from './loading.ts';
import { selectHosts } from './pattern.ts';
import { type LoadedRole, loadRole, type RoleUse, readRoleUse, stablePath } from './role.ts';
import { type Inherited, nothingInherited, readEnvironment, readTask, readVars } from './task.ts';
import { unsupportedInPlay } from './task-keywords.ts';
import { compileText } from './template.ts';
import { magicOf, makeVariables, type PlaySight } from './variables.ts';
import { entryOf, type MapNode, type Node } from './yaml-file.ts';

const playKeys = [
  'name',
  'hosts',
  'roles',
  'pre_tasks',
  'tasks',
  'post_tasks',
  'handlers',
  'vars',
  'vars_files',
  'become',
  'become_user',
  'environment',
  'tags',
  'gather_facts',
  'serial',
];

/** A Play with what the check of its names needs. */
export interface LoadedPlay {
  readonly play: Play;
  readonly loadedRoles: readonly LoadedRole[];
  readonly hosts: readonly InventoryHost[];
  /** Weakest first: what a task of this role sees on this host, without its own vars, facts and results; the same list each time. */
  readonly layersOf: (host: InventoryHost | undefined, role: Role | undefined) => readonly Layer[];
}

export interface PlaySettings {
  readonly inventory: Inventory;
  readonly extra: Layer;
}

/** Reads one entry of a playbook. What is wrong goes to the Problems. */
export async function readPlay(
  node: Node,
  index: number,
  yaml: Yaml,
  loading: Loading,
  settings: PlaySettings,
): Promise<LoadedPlay | undefined> {
  const { problems } = loading;
  const map = asMap(node, 'a play', problems);
  if (map === undefined) return undefined;
  checkKeys(map, 'a play', playKeys, problems, unsupportedInPlay);
  field(map, 'gather_facts', asBoolean, problems);
  const context: TaskContext = { loading, idBase: `${stablePath(yaml.file.path, loading.roots)}#${index + 1}` };
  const inherited = readInherited(map, context);
  const vars: Layer = { title: 'vars of the play', vars: readVars(map, context) };
  const files = await readVarsFiles(map, yaml, loading);
  const pattern = readHosts(map, [vars, ...files], loading, settings);
  const hosts =
    pattern === undefined
      ? []
      : (problems.attempt(() => selectHosts(settings.inventory, pattern, hostsPlace(map))) ?? []);
  const uses = (field(map, 'roles', asList, problems)?.items ?? []).flatMap(
    (item) => readRoleUse(item, context, inherited) ?? [],
  );
  const roles = await loadRoles(uses, loading);
  const tasks = (key: string): Task[] =>
    (field(map, key, asList, problems)?.items ?? []).flatMap(
      (item, at) => readTask(item, at, { ...context, idBase: `${context.idBase}/${key}` }, inherited) ?? [],
    );
  const own = { pre: tasks('pre_tasks'), main: tasks('tasks'), post: tasks('post_tasks'), handlers: tasks('handlers') };
  return assemble(
    {
      map,
      name: field(map, 'name', asText, problems),
      pattern: pattern ?? '',
      hosts,
      roles,
      own,
      layers: [vars, ...files],
    },
    readSerial(map, loading),
    settings,
  );
}

interface Parts {
  readonly map: MapNode;
  readonly name: string | undefined;
  readonly pattern: string;
  readonly hosts: readonly InventoryHost[];
  readonly roles: readonly LoadedRole[];
  readonly own: { readonly pre: Task[]; readonly main: Task[]; readonly post: Task[]; readonly handlers: Task[] };
  readonly layers: readonly Layer[];
}

function assemble(parts: Parts, serial: Play['serial'], settings: PlaySettings): LoadedPlay {
  const { roles, own, map } = parts;
  const name = parts.name ?? parts.pattern;
  const playHosts = parts.hosts.map((host) => host.name);
  const byRole = new Map(roles.map((loaded) => [loaded.role, loaded]));
  const bases = new Map<string, readonly Layer[]>();

  const layersOf: LoadedPlay['layersOf'] = (host, role) => {
    const loaded = role === undefined ? undefined : byRole.get(role);
    const key = `${host?.name ?? ''}\n${loaded === undefined ? '' : roles.indexOf(loaded)}`;
    const base = bases.get(key) ?? [
      ...roles.map((one) => one.defaults),
      ...(loaded === undefined ? [] : [loaded.defaults]),
      ...(host?.layers ?? []),
      ...parts.layers,
      ...roles.map((one) => one.vars),
      ...(loaded === undefined ? [] : [loaded.vars, loaded.params]),
    ];
    bases.set(key, base);
    return base;
  };

  const variables = (host: Host, task: Task | undefined, known: Known): Variables => {
    const sight: PlaySight = {
      playName: name,
      playHosts,
      extra: settings.extra,
      ...(task?.role === undefined ? {} : { roleName: task.role.name, roleFolder: task.role.folder }),
      ...(known.others === undefined ? {} : { others: known.others }),
    };
    return makeVariables({
      layers: layersOf(settings.inventory.hosts.get(host.name), task?.role),
      ...(task === undefined ? {} : { task: task.vars }),
      extra: settings.extra,
      magic: magicOf(host, settings.inventory, sight),
      known: known.values,
    });
  };

  const play: Play = {
    name,
    at: map.at,
    hosts: parts.pattern,
    tasks: [...own.pre, ...roles.flatMap((one) => one.tasks), ...own.main, ...own.post],
    handlers: [...firstUses(roles).flatMap((one) => one.handlers), ...own.handlers],
    verify: roles.flatMap((one) => one.verify),
    drills: firstUses(roles).flatMap((one) => one.drills),
    serial,
    roles: firstUses(roles).map((one) => one.role),
    variables,
  };
  return { play, loadedRoles: roles, hosts: parts.hosts, layersOf };
}

/** A role that a play uses twice has its handlers once, as in Ansible. */
function firstUses(roles: readonly LoadedRole[]): LoadedRole[] {
  return roles.filter((one, index) => roles.findIndex((other) => other.role.name === one.role.name) === index);
}

/** Dependencies come first; a role that would do the same again is left out. */
async function loadRoles(uses: readonly RoleUse[], loading: Loading): Promise<LoadedRole[]> {
  const order: LoadedRole[] = [];
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  const add = async (use: RoleUse, path: readonly string[]): Promise<void> => {
    if (path.includes(use.name)) {
      loading.problems.add(
        `role "${use.name}" depends on itself: ${[...path, use.name].join(' -> ')}`,
        use.at,
        'remove one of these dependencies',
      );
      return;
    }
    if (seen.has(use.key)) return;
    seen.add(use.key);
    const count = counts.get(use.name) ?? 0;
    counts.set(use.name, count + 1);
    const loaded = await loadRole(use, count, loading);
    if (loaded === undefined) return;
    for (const dependency of loaded.dependencies) await add(dependency, [...path, use.name]);
    order.push(loaded);
  };
  for (const use of uses) await add(use, []);
  return order;
}

function readInherited(map: MapNode, context: TaskContext): Inherited {
  const { problems, secrets } = context.loading;
  const become = field(map, 'become', asBoolean, problems);
  const user = entryOf(map, 'become_user');
  const becomeUser = user && problems.attempt(() => compileText(user.value, secrets, '"become_user"'));
  const environment = readEnvironment(map, context, []);
  return {
    ...nothingInherited,
    tags: field(map, 'tags', asTexts(true), problems) ?? [],
    ...(become === undefined ? {} : { become }),
    ...(becomeUser === undefined ? {} : { becomeUser }),
    environment: environment === undefined ? [] : [environment],
  };
}

async function readVarsFiles(map: MapNode, yaml: Yaml, loading: Loading): Promise<Layer[]> {
  const entry = entryOf(map, 'vars_files');
  const layers: Layer[] = [];
  for (const path of field(map, 'vars_files', asTexts(false), loading.problems) ?? []) {
    const file = await loading.loader.readIfThere(resolve(dirname(yaml.file.path), path));
    if (file === undefined)
      loading.problems.add(`there is no file of variables ${path}`, entry?.value.at, 'its path begins at the playbook');
    const node = file?.root === undefined ? undefined : asMap(file.root, file.file.shown, loading.problems);
    if (node !== undefined) layers.push(compileLayer(`vars_files ${path}`, node, loading.secrets, loading.problems));
  }
  return layers;
}

function hostsPlace(map: MapNode): Node['at'] {
  return entryOf(map, 'hosts')?.value.at ?? map.at;
}

/** The pattern; a template in it sees extra variables and those of the play, for there is no host yet. */
function readHosts(
  map: MapNode,
  layers: readonly Layer[],
  loading: Loading,
  settings: PlaySettings,
): string | undefined {
  const { problems, secrets } = loading;
  const entry = entryOf(map, 'hosts');
  if (entry === undefined) {
    problems.add('the play names no hosts', map.at, 'add "hosts", as in "hosts: all"');
    return undefined;
  }
  if (entry.value.kind === 'list') return asTexts(false)(entry.value, '"hosts"', problems)?.join(',');
  return problems.attempt(() => {
    const variables = makeVariables({ layers, extra: settings.extra, magic: {}, known: {} });
    const outcome = compileText(entry.value, secrets, '"hosts"').evaluate(variables);
    return outcome.kind === 'value' ? outcome.value : undefined;
  });
}

function readSerial(map: MapNode, { problems }: Loading): Play['serial'] {
  const entry = entryOf(map, 'serial');
  if (entry === undefined) return [];
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return nodes.flatMap((node): (number | string)[] => {
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return [value];
    if (typeof value === 'string' && /^(100|[1-9]?\d)%$/.test(value) && value !== '0%') return [value];
    problems.add('"serial" must be a number of hosts or a percentage', node.at, 'write 1, or "30%"');
    return [];
  });
}
