import { access } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { JsonObject } from '../../core/json.ts';
import type { Place } from '../../core/place.ts';
import type { Drill, Role, Task } from '../../core/playbook.ts';
import { isObject } from '../schema/schema-fast.ts';
import { compileLayer, type Layer } from '../variables/layer.ts';
import { asList, asMap, asText, checkKeys, field } from '../yaml/fields.ts';
import { entriesOf, type Yaml } from '../yaml/load-yaml.ts';
import type { Problems } from '../yaml/problems.ts';
import type { Roots } from '../yaml/source-file.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import { type Entry, entryOf, type ListNode, type MapNode, type Node, plainValue } from '../yaml/yaml-file.ts';
import { readDrills } from './drill.ts';
import { apartFromTasks, readInherited, readVars } from './inherited-keywords.ts';
import type { Inherited, RoleFile, RoleUse, TaskContext } from './loading.ts';
import { nestedKeywords, refusedInRole } from './task-keywords.ts';
import { type Allowed, readTasks } from './task-list.ts';

/** A role as one play uses it. */
export interface LoadedRole extends RoleLayers {
  readonly at: Place;
  /** Names of the hosts that have its tasks; undefined: all hosts of the play. */
  readonly onlyOn?: ReadonlySet<string>;
  readonly dependencies: readonly RoleUse[];
  /** JSON Schemas of its variables, by name, and the names of the required ones. */
  readonly arguments: { readonly properties: JsonObject; readonly required: readonly string[] };
  readonly tasks: readonly Task[];
  readonly handlers: readonly Task[];
  readonly verify: readonly Task[];
  readonly score: readonly Task[];
  readonly drills: readonly Drill[];
}

/** The directory of a role: in the project, else in heal's own content. */
export async function findRole(name: string, roots: Roots): Promise<string | undefined> {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) return undefined;
  for (const root of [roots.project, roots.shipped]) {
    const directory = join(root, 'roles', name);
    if (
      await access(directory).then(
        () => true,
        () => false,
      )
    )
      return directory;
  }
  return undefined;
}

/** Names of all existing roles. */
export async function roleNames(roots: Roots): Promise<string[]> {
  const found = await Promise.all([roots.project, roots.shipped].map((root) => entriesOf(join(root, 'roles'))));
  return [
    ...new Set(
      found
        .flat()
        .filter((entry) => entry.isDirectory && !entry.name.startsWith('.'))
        .map((entry) => entry.name),
    ),
  ].sort();
}

/** Reads an entry of `roles` or `dependencies`: a name, or `{ role, vars, tags, when, ... }`. */
export function readRoleUse(node: Node, context: TaskContext, inherited: Inherited): RoleUse | undefined {
  const { problems } = context.loading;
  const whole = { from: {}, open: true };
  if (node.kind !== 'map') {
    const name = asText(node, 'a role', problems);
    return name === undefined ? undefined : { name, at: node.at, inherited, params: {}, key: name, ...whole };
  }
  checkKeys(node, 'a role', ['role', ...nestedKeywords], problems, refusedInRole);
  const named = entryOf(node, 'role') ?? entryOf(node, 'name');
  if (named === undefined) {
    problems.add('the entry names no role', node.at, 'write "- role: its-name"');
    return undefined;
  }
  const name = asText(named.value, `"${named.key}"`, problems);
  if (name === undefined) return undefined;
  return {
    name,
    at: named.value.at,
    params: readVars(node, context),
    key: JSON.stringify([name, plainValue(node)]),
    inherited: readInherited(node, context, inherited, false),
    ...whole,
  };
}

/** The data of a role that must be known before its tasks are read, for its variables. */
export interface RoleLayers {
  readonly role: Role;
  readonly defaults: Layer;
  readonly vars: Layer;
  readonly params: Layer;
  /** Whether the whole play sees its defaults and vars. */
  readonly open: boolean;
}

/** The parts of a role that are read before its tasks. */
export interface RoleHead extends RoleLayers {
  readonly use: RoleUse;
  readonly dependencies: readonly RoleUse[];
  readonly arguments: LoadedRole['arguments'];
  readonly files: Readonly<Partial<Record<'tasks' | 'handlers' | 'verify' | 'score' | 'drills', Yaml>>>;
}

/** Reads a role's description and variables for one use. Undefined if the role does not exist. */
export async function readRoleHead(use: RoleUse, context: TaskContext): Promise<RoleHead | undefined> {
  const { loading } = context;
  const directory = await findRole(use.name, loading.roots);
  if (directory === undefined) {
    const names = await roleNames(loading.roots);
    loading.problems.add(
      `there is no role "${use.name}"`,
      use.at,
      didYouMean(use.name, names, `roles are ${listed(names, 40)}`),
    );
    return undefined;
  }
  const read = (part: string): Promise<Yaml | undefined> => loading.loader.named(join(directory, part), 'main');
  const chosen = async (part: RoleFile): Promise<Yaml | undefined> => {
    const name = use.from[part];
    if (name === undefined) return read(part);
    const yaml = await loading.loader.named(join(directory, part), name);
    if (yaml === undefined)
      loading.problems.add(
        `role "${use.name}" has no ${part}/${name}.yml`,
        use.at,
        `look into ${join(directory, part)}`,
      );
    return yaml;
  };
  const [meta, defaults, vars, tasks, handlers, verify, score, drills] = await Promise.all([
    read('meta'),
    chosen('defaults'),
    chosen('vars'),
    chosen('tasks'),
    chosen('handlers'),
    read('verify'),
    read('score'),
    read('drills'),
  ]);
  if ([meta, defaults, vars, tasks, handlers, verify, score, drills].every((file) => file === undefined)) {
    loading.problems.add(`role "${use.name}" has no files`, use.at, `write ${join(directory, 'tasks', 'main.yml')}`);
  }
  const layer = (title: string, yaml: Yaml | undefined): Layer => {
    const node = yaml?.root === undefined ? undefined : asMap(yaml.root, yaml.file.shown, loading.problems);
    return node === undefined ? { title, vars: {} } : compileLayer(title, node, loading.secrets, loading.problems);
  };
  const about = readMeta(meta, context, use);
  // A part of a role creates only a part of the state that its checks require.
  const whole = use.from.tasks === undefined || use.from.tasks === 'main';
  return {
    use,
    role: { name: use.name, directory, description: about.description },
    open: use.open,
    defaults: layer(`defaults of ${use.name}`, defaults),
    vars: layer(`vars of ${use.name}`, vars),
    params: { title: `vars with which ${use.name} is used`, vars: use.params },
    dependencies: about.dependencies,
    arguments: about.arguments,
    files: {
      ...(tasks === undefined ? {} : { tasks }),
      ...(handlers === undefined ? {} : { handlers }),
      ...(verify === undefined || !whole ? {} : { verify }),
      ...(score === undefined || !whole ? {} : { score }),
      ...(drills === undefined || !whole ? {} : { drills }),
    },
  };
}

/** Reads the rest of the role. */
export async function readRoleTasks(head: RoleHead, context: TaskContext): Promise<LoadedRole> {
  const { use, role, files, ...rest } = head;
  const { loading, scope } = context;
  const contextOf = (yaml: Yaml): TaskContext => ({
    ...context,
    role,
    path: yaml.file.path,
    idBase: scope.idBase(yaml.file.path),
  });
  const items = (yaml: Yaml): ListNode | undefined =>
    yaml.root === undefined ? undefined : asList(yaml.root, yaml.file.shown, loading.problems);
  const list = async (yaml: Yaml | undefined, down: Inherited, allowed?: Allowed): Promise<Task[]> =>
    yaml === undefined ? [] : readTasks(items(yaml)?.items ?? [], contextOf(yaml), down, allowed);
  const apart = apartFromTasks(use.inherited);
  return {
    role,
    ...rest,
    at: use.at,
    ...(use.onlyOn === undefined ? {} : { onlyOn: use.onlyOn }),
    tasks: await list(files.tasks, use.inherited),
    handlers: await list(files.handlers, apart, 'files'),
    verify: await list(files.verify, apart),
    score: (await list(files.score, apart)).map((row) => ({ ...row, ignoreErrors: true })),
    drills: files.drills === undefined ? [] : await readDrills(items(files.drills), contextOf(files.drills), apart),
  };
}

/** A file's path relative to the root that contains it, with slashes: the same on every machine. */
export function stablePath(path: string, roots: Roots): string {
  for (const root of [roots.project, roots.shipped]) {
    const inside = relative(root, path);
    if (!inside.startsWith('..') && inside !== path) return inside.split(sep).join('/');
  }
  return path;
}

type Meta = Pick<LoadedRole, 'dependencies' | 'arguments'> & { readonly description: string };

function readMeta(yaml: Yaml | undefined, context: TaskContext, use: RoleUse): Meta {
  const { problems } = context.loading;
  const empty: Meta = { description: '', dependencies: [], arguments: { properties: {}, required: [] } };
  const map = yaml?.root === undefined ? undefined : asMap(yaml.root, yaml.file.shown, problems);
  if (map === undefined || yaml === undefined) return empty;
  checkKeys(map, 'a role', ['description', 'dependencies', 'arguments', 'galaxy_info'], problems, {
    allow_duplicates: { status: 'no', hint: 'give the role other vars: it then runs again' },
    argument_specs: { status: 'no', hint: 'write "arguments", a JSON Schema' },
    collections: { status: 'no', hint: 'modules ship with heal: leave it out' },
  });
  const dependencies = field(map, 'dependencies', asList, problems)?.items ?? [];
  return {
    description: field(map, 'description', asText, problems) ?? galaxyDescription(map),
    dependencies: dependencies.flatMap((node) => readRoleUse(node, context, use.inherited) ?? []),
    arguments: readArguments(entryOf(map, 'arguments'), problems),
  };
}

function galaxyDescription(map: MapNode): string {
  const found = entryOf(entryOf(map, 'galaxy_info')?.value, 'description')?.value;
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : '';
}

/** `arguments` is a JSON Schema of an object; a mapping without `properties` is treated as the properties. */
function readArguments(entry: Entry | undefined, problems: Problems): LoadedRole['arguments'] {
  const none = { properties: {}, required: [] };
  const map = entry === undefined ? undefined : asMap(entry.value, '"arguments"', problems);
  if (map === undefined) return none;
  const schema = plainValue(map);
  if (!isObject(schema)) return none;
  const isSchema = isObject(schema['properties']) || 'required' in schema;
  const properties = isSchema ? schema['properties'] : schema;
  const required = isSchema && Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  if (!isObject(properties ?? {}))
    problems.add('"properties" must be a mapping', map.at, 'write a JSON Schema for each variable');
  return { properties: isObject(properties) ? properties : {}, required };
}
