import { dirname, resolve } from 'node:path';
import type { Play, Role, Task } from '../../core/playbook.ts';
import type { InventoryHost } from '../inventory/groups.ts';
import { selectHosts } from '../inventory/pattern.ts';
import { compileText } from '../template/template.ts';
import { compileLayer, type Layer } from '../variables/layer.ts';
import { makeVariables } from '../variables/variables.ts';
import {
  asBoolean,
  asList,
  asMap,
  asPercentage,
  asText,
  asTexts,
  checkKeys,
  field,
  type Reader,
} from '../yaml/fields.ts';
import type { Yaml } from '../yaml/load-yaml.ts';
import { entryOf, type MapNode, type Node } from '../yaml/yaml-file.ts';
import { constantNode } from './constant-node.ts';
import { type PlaySettings, playHostViews } from './host-view.ts';
import { readInherited, readSettled } from './inherited-keywords.ts';
import type { Inherited, Loading, TaskContext } from './loading.ts';
import { type LoadedRole, readRoleUse, stablePath } from './role.ts';
import { refusedInPlay, sharedKeywords } from './task-keywords.ts';
import { type Allowed, readTasksOf } from './task-list.ts';

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
  'gather_facts',
  'serial',
  'any_errors_fatal',
  'max_fail_percentage',
  'force_handlers',
  ...sharedKeywords,
];

/** A Play with the data for the check of its names. */
export interface LoadedPlay {
  readonly play: Play;
  readonly loadedRoles: readonly LoadedRole[];
  readonly hosts: readonly InventoryHost[];
  /** Weakest first: layers of a task of this role on this host, without its vars, facts and results; the same list each time. */
  readonly layersOf: (host: InventoryHost | undefined, role: Role | undefined) => readonly Layer[];
}

/** An entry of a playbook, with the keywords inherited from the import of that playbook. */
export interface FoundPlay {
  readonly node: Node;
  readonly index: number;
  readonly yaml: Yaml;
  readonly inherited: Inherited;
}

/** Reads one entry of a playbook. Errors are reported to the Problems. */
export async function readPlay(
  { node, index, yaml, inherited: above }: FoundPlay,
  loading: Loading,
  settings: PlaySettings,
): Promise<LoadedPlay | undefined> {
  const { problems } = loading;
  const map = asMap(node, 'a play', problems);
  if (map === undefined) return undefined;
  checkKeys(map, 'a play', playKeys, problems, refusedInPlay);
  const vars: Layer = { title: 'vars of the play', vars: readPlayVars(map, loading) };
  const layers = [vars, ...(await readVarsFiles(map, yaml, loading))];
  const pattern = readHosts(map, layers, loading, settings);
  const hosts =
    pattern === undefined
      ? []
      : (problems.attempt(() => selectHosts(settings.inventory, pattern, hostsPlace(map))) ?? []);
  const name = field(map, 'name', asText, problems) ?? pattern ?? '';
  const views = playHostViews({ name, hosts, layers, settings, loading });
  const context: TaskContext = {
    loading,
    scope: views.scope,
    path: yaml.file.path,
    idBase: `${stablePath(yaml.file.path, loading.roots)}#${index + 1}`,
    within: [yaml.file.shown],
  };
  const known = <T>(key: string, read: Reader<T>): T | undefined => readSettled(map, key, read, context, {});
  known('gather_facts', asBoolean);
  const inherited = readInherited(map, context, above, false);
  const tasks = (key: string, allowed?: Allowed): Promise<Task[]> => readTasksOf(map, key, context, inherited, allowed);
  // In the order in which they run: a dependency runs before the first of the roles that need it.
  const outer = async (section: 'pre_tasks' | 'post_tasks'): Promise<Task[]> =>
    (await tasks(section)).map((task) => ({ ...task, section }));
  const pre = await outer('pre_tasks');
  const ofRoles: Task[] = [];
  for (const item of field(map, 'roles', asList, problems)?.items ?? []) {
    const use = readRoleUse(item, context, inherited);
    if (use !== undefined) ofRoles.push(...(await views.scope.addRole(use, [])));
  }
  const own = [...(await tasks('tasks')), ...(await outer('post_tasks'))];
  const handlers = await tasks('handlers', 'files');
  const { roles } = views;
  const first = firstUses(roles);
  const anyErrorsFatal = known('any_errors_fatal', asBoolean);
  const maxFailPercentage = known('max_fail_percentage', asPercentage);
  const forceHandlers = known('force_handlers', asBoolean);
  const play: Play = {
    name,
    at: map.at,
    hosts: pattern ?? '',
    tasks: [...pre, ...ofRoles, ...own],
    handlers: [...first.flatMap((one) => one.handlers), ...handlers],
    verify: roles.flatMap((one) => one.verify),
    score: first.flatMap((one) => one.score),
    drills: first.flatMap((one) => one.drills),
    serial: readSerial(map, context),
    ...(anyErrorsFatal === undefined ? {} : { anyErrorsFatal }),
    ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
    ...(forceHandlers === undefined ? {} : { forceHandlers }),
    roles: first.map((one) => one.role),
    variables: views.variables,
  };
  return { play, loadedRoles: roles, hosts, layersOf: views.layersOf };
}

/** A role that a play uses twice adds its handlers once, as in Ansible. */
function firstUses(roles: readonly LoadedRole[]): LoadedRole[] {
  return roles.filter((one, index) => roles.findIndex((other) => other.role.name === one.role.name) === index);
}

/** The play's own variables: they are read before anything that reads tasks. */
function readPlayVars(map: MapNode, loading: Loading): Layer['vars'] {
  const entry = entryOf(map, 'vars');
  const node = entry && asMap(entry.value, '"vars"', loading.problems);
  return node === undefined ? {} : compileLayer('vars', node, loading.secrets, loading.problems).vars;
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

/** The pattern; a template in it sees extra variables and those of the play, because there is no host yet. */
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

function readSerial(map: MapNode, context: TaskContext): Play['serial'] {
  const { problems } = context.loading;
  const entry = entryOf(map, 'serial');
  if (entry === undefined) return [];
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return nodes.flatMap((given): (number | string)[] => {
    const node = constantNode(given, '"serial"', context);
    if (node === undefined) return [];
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return [value];
    if (typeof value === 'string' && /^(100|[1-9]?\d)%$/.test(value) && value !== '0%') return [value];
    problems.add('"serial" must be a number of hosts or a percentage', node.at, 'write 1, or "30%"');
    return [];
  });
}
