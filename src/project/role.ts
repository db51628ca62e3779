import { access } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { JsonObject } from '../core/json.ts';
import type { Place } from '../core/place.ts';
import type { Drill, Role, Task, Template } from '../core/playbook.ts';
import { compileConditions } from './condition.ts';
import { readDrills } from './drill.ts';
import { asBoolean, asList, asMap, asText, asTexts, checkKeys, field } from './fields.ts';
import { compileLayer, type Layer } from './layer.ts';
import { entriesOf, type Yaml } from './load-yaml.ts';
import type { Loading, TaskContext } from './loading.ts';
import type { Problems } from './problems.ts';
import { isObject } from './schema-fast.ts';
import type { Roots } from './source-file.ts';
import { didYouMean, listed } from './spelling.ts';
import { type Inherited, readTask, readVars } from './task.ts';
import { compileText } from './template.ts';
import { type Entry, entryOf, type ListNode, type MapNode, type Node, plainValue } from './yaml-file.ts';

/** How a play or a dependency names a role. */
export interface RoleUse {
  readonly name: string;
  readonly at: Place;
  readonly inherited: Inherited;
  readonly params: Readonly<Record<string, Template>>;
  /** Equal for uses that would do the same: the second one is left out. */
  readonly key: string;
}

/** A role as one play uses it. */
export interface LoadedRole {
  readonly role: Role;
  readonly at: Place;
  readonly defaults: Layer;
  readonly vars: Layer;
  readonly params: Layer;
  readonly dependencies: readonly RoleUse[];
  /** JSON Schemas of its variables, by name, and which of them it needs. */
  readonly arguments: { readonly properties: JsonObject; readonly required: readonly string[] };
  readonly tasks: readonly Task[];
  readonly handlers: readonly Task[];
  readonly verify: readonly Task[];
  readonly drills: readonly Drill[];
}

/** The folder of a role: in the project, else among those that ship. */
export async function findRole(name: string, roots: Roots): Promise<string | undefined> {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) return undefined;
  for (const root of [roots.project, roots.shipped]) {
    const folder = join(root, 'roles', name);
    if (
      await access(folder).then(
        () => true,
        () => false,
      )
    )
      return folder;
  }
  return undefined;
}

/** Names of all roles that there are. */
export async function roleNames(roots: Roots): Promise<string[]> {
  const found = await Promise.all([roots.project, roots.shipped].map((root) => entriesOf(join(root, 'roles'))));
  return [
    ...new Set(
      found
        .flat()
        .filter((entry) => entry.folder && !entry.name.startsWith('.'))
        .map((entry) => entry.name),
    ),
  ].sort();
}

/** Reads an entry of `roles` or `dependencies`: a name, or `{ role, vars, tags, when }`. */
export function readRoleUse(node: Node, context: TaskContext, inherited: Inherited): RoleUse | undefined {
  const { problems } = context.loading;
  if (node.kind !== 'map') {
    const name = asText(node, 'a role', problems);
    return name === undefined ? undefined : { name, at: node.at, inherited, params: {}, key: name };
  }
  checkKeys(node, 'a role', ['role', 'name', 'vars', 'tags', 'when', 'become', 'become_user'], problems, {
    environment: 'write it at the play or the tasks',
    delegate_to: 'write a play for that host',
  });
  const named = entryOf(node, 'role') ?? entryOf(node, 'name');
  if (named === undefined) {
    problems.add('the entry names no role', node.at, 'write "- role: its-name"');
    return undefined;
  }
  const name = asText(named.value, `"${named.key}"`, problems);
  if (name === undefined) return undefined;
  const when = entryOf(node, 'when');
  const become = field(node, 'become', asBoolean, problems) ?? inherited.become;
  const user = entryOf(node, 'become_user');
  const becomeUser =
    (user && problems.attempt(() => compileText(user.value, context.loading.secrets, '"become_user"'))) ??
    inherited.becomeUser;
  return {
    name,
    at: named.value.at,
    params: readVars(node, context),
    key: JSON.stringify([name, plainValue(node)]),
    inherited: {
      ...inherited,
      when: [...inherited.when, ...((when && problems.attempt(() => compileConditions(when.value, '"when"'))) ?? [])],
      tags: [...new Set([...inherited.tags, ...(field(node, 'tags', asTexts(true), problems) ?? [])])],
      ...(become === undefined ? {} : { become }),
      ...(becomeUser === undefined ? {} : { becomeUser }),
    },
  };
}

/** Reads a role's files for one use; `count` says how often the play has used it before. Undefined where there is none. */
export async function loadRole(use: RoleUse, count: number, loading: Loading): Promise<LoadedRole | undefined> {
  const folder = await findRole(use.name, loading.roots);
  if (folder === undefined) {
    const names = await roleNames(loading.roots);
    loading.problems.add(
      `there is no role "${use.name}"`,
      use.at,
      didYouMean(use.name, names, `roles are ${listed(names, 40)}`),
    );
    return undefined;
  }
  const parts = ['meta', 'defaults', 'vars', 'tasks', 'handlers', 'verify', 'drills'] as const;
  const files = await Promise.all(parts.map((part) => loading.loader.named(join(folder, part), 'main')));
  const [meta, defaults, vars, tasks, handlers, verify, drills] = files;
  if (files.every((file) => file === undefined)) {
    loading.problems.add(`role "${use.name}" has no files`, use.at, `write ${join(folder, 'tasks', 'main.yml')}`);
  }
  const about = readMeta(meta, loading, use);
  const role: Role = { name: use.name, folder, description: about.description };
  const contextOf = (yaml: Yaml | undefined): TaskContext => ({
    loading,
    role,
    idBase: idBase(yaml, loading.roots, count),
  });
  const list = (yaml: Yaml | undefined): ListNode | undefined =>
    yaml?.root === undefined ? undefined : asList(yaml.root, yaml.file.shown, loading.problems);
  const tasksOf = (yaml: Yaml | undefined): Task[] =>
    (list(yaml)?.items ?? []).flatMap((node, index) => readTask(node, index, contextOf(yaml), use.inherited) ?? []);
  const layer = (title: string, yaml: Yaml | undefined): Layer => {
    const node = yaml?.root === undefined ? undefined : asMap(yaml.root, yaml.file.shown, loading.problems);
    return node === undefined ? { title, vars: {} } : compileLayer(title, node, loading.secrets, loading.problems);
  };
  return {
    role,
    at: use.at,
    defaults: layer(`defaults of ${use.name}`, defaults),
    vars: layer(`vars of ${use.name}`, vars),
    params: { title: `vars with which ${use.name} is used`, vars: use.params },
    dependencies: about.dependencies,
    arguments: about.arguments,
    tasks: tasksOf(tasks),
    handlers: tasksOf(handlers),
    verify: tasksOf(verify),
    drills: readDrills(list(drills), contextOf(drills), use.inherited),
  };
}

/** A second use of a role in a play has tasks of its own. */
function idBase(yaml: Yaml | undefined, roots: Roots, count: number): string {
  if (yaml === undefined) return '';
  return count === 0 ? stablePath(yaml.file.path, roots) : `${stablePath(yaml.file.path, roots)}@${count + 1}`;
}

/** A file's path relative to the root that holds it, with slashes: the same on every machine. */
export function stablePath(path: string, roots: Roots): string {
  for (const root of [roots.project, roots.shipped]) {
    const inside = relative(root, path);
    if (!inside.startsWith('..') && inside !== path) return inside.split(sep).join('/');
  }
  return path;
}

type Meta = Pick<LoadedRole, 'dependencies' | 'arguments'> & { readonly description: string };

function readMeta(yaml: Yaml | undefined, loading: Loading, use: RoleUse): Meta {
  const { problems } = loading;
  const empty: Meta = { description: '', dependencies: [], arguments: { properties: {}, required: [] } };
  const map = yaml?.root === undefined ? undefined : asMap(yaml.root, yaml.file.shown, problems);
  if (map === undefined || yaml === undefined) return empty;
  checkKeys(map, 'a role', ['description', 'dependencies', 'arguments', 'galaxy_info'], problems, {
    allow_duplicates: 'give the role other vars: it then runs again',
    argument_specs: 'write "arguments", a JSON Schema',
  });
  const context: TaskContext = { loading, idBase: '' };
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

/** `arguments` is a JSON Schema of an object; a mapping without `properties` is those themselves. */
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
