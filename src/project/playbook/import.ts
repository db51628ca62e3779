import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import type { Task } from '../../core/playbook.ts';
import { asBoolean, asList, asMap, asText, checkKeys, field } from '../yaml/fields.ts';
import type { Yaml } from '../yaml/load-yaml.ts';
import { shownPath } from '../yaml/source-file.ts';
import type { Entry, MapNode, Node } from '../yaml/yaml-file.ts';
import { constantNode, constantNodes } from './constant-node.ts';
import { readInherited, readSettled, readVars } from './inherited-keywords.ts';
import type { Inherited, RoleFile, TaskContext } from './loading.ts';
import { prefix } from './module-defaults.ts';
import { nestedKeywords, refusedInImport } from './task-keywords.ts';

/** Keys next to an import; the imported tasks inherit each of them. */
const keys = ['notify', ...nestedKeywords];

/** An entry that imports, and the keywords that its tasks inherit. */
interface Import {
  readonly entry: Entry;
  readonly kind: string;
  readonly inherited: Inherited;
}

/**
 * Reads `import_tasks: FILE` and `include_tasks: FILE`. The file is searched next to the file that names it, in the
 * role's tasks/, then next to the playbook. heal reads all files before the run, so both do the same; the name of an included file
 * may differ between hosts.
 */
export async function readImportedTasks(
  map: MapNode,
  context: TaskContext,
  above: Inherited,
  read: ReadTasks,
): Promise<Task[]> {
  const found = readImport(map, context, above);
  if (found === undefined) return [];
  const { entry, kind, inherited } = found;
  const { problems } = context.loading;
  const args = entry.value.kind === 'map' ? entry.value : undefined;
  if (args !== undefined) checkKeys(args, `"${kind}"`, ['file', 'apply'], problems);
  const down = applied(args, context, inherited);
  const node = args === undefined ? entry.value : args.entries.find(({ key }) => key === 'file')?.value;
  if (node === undefined) {
    problems.add(`"${kind}" names no file`, entry.at, `write "${kind}: its-name.yml"`);
    return [];
  }
  const what = `"${kind}"`;
  const one = kind === 'import_tasks' ? constantNode(node, what, context, down.vars) : undefined;
  const nodes = kind === 'import_tasks' ? [{ node: one }] : constantNodes(node, what, context, down.vars);
  const tasks: Task[] = [];
  for (const { node: known, ...more } of nodes) {
    const name = known && asText(known, what, problems);
    if (name !== undefined) tasks.push(...(await readFile(name, node.at, { ...context, ...more }, down, read)));
  }
  return tasks;
}

type ReadTasks = (items: readonly Node[], context: TaskContext, inherited: Inherited) => Promise<Task[]>;

/** Reads the tasks of a file that is imported at `at`. */
async function readFile(
  name: string,
  at: Place,
  context: TaskContext,
  down: Inherited,
  read: ReadTasks,
): Promise<Task[]> {
  const { problems, roots } = context.loading;
  const yaml = await findTasks(name, context);
  if (yaml === undefined) {
    const directories = directoriesOf(context).map((directory) => shownPath(join(directory, name), roots.project));
    problems.add(
      `there is no file of tasks "${name}"`,
      at,
      `it is looked for as ${[...new Set(directories)].join(', ')}`,
    );
    return [];
  }
  const { shown, path } = yaml.file;
  if (context.within.includes(shown)) {
    problems.add(
      `${shown} imports itself: ${[...context.within, shown].join(' -> ')}`,
      at,
      'remove one of these imports',
    );
    return [];
  }
  const list = yaml.root === undefined ? undefined : asList(yaml.root, shown, problems);
  const below = { ...context, path, idBase: context.scope.idBase(path), within: [...context.within, shown] };
  return read(list?.items ?? [], below, down);
}

const roleFiles: readonly RoleFile[] = ['tasks', 'handlers', 'vars', 'defaults'];

/** Reads `import_role` and `include_role`: the tasks of the role and of its dependencies. */
export async function readImportedRole(map: MapNode, context: TaskContext, above: Inherited): Promise<Task[]> {
  const found = readImport(map, context, above, false);
  if (found === undefined) return [];
  const { entry, kind, inherited } = found;
  const { problems } = context.loading;
  const args = asMap(entry.value, `"${kind}"`, problems);
  if (args === undefined) return [];
  const settings = ['name', 'public', 'apply', ...roleFiles.map((file) => `${file}_from`)];
  checkKeys(args, `"${kind}"`, settings, problems, {
    allow_duplicates: { status: 'no', hint: 'leave it out: it runs each time that it is named' },
    rolespec_validate: { status: 'no', hint: "leave it out: a role's arguments are always checked" },
  });
  const vars = { ...above.vars, ...readVars(map, context) };
  const down = applied(args, context, inherited);
  const from: Partial<Record<RoleFile, string>> = {};
  for (const file of roleFiles) {
    const name = readSettled(args, `${file}_from`, asText, context, vars);
    if (name !== undefined) from[file] = name.replace(/\.ya?ml$/, '');
  }
  const open = readSettled(args, 'public', asBoolean, context, vars) ?? kind === 'import_role';
  const named = args.entries.find(({ key }) => key === 'name');
  if (named === undefined) {
    problems.add(`"${kind}" names no role`, entry.at, `write "${kind}: { name: its-name }"`);
    return [];
  }
  const name = readSettled(args, 'name', asText, context, vars);
  if (name === undefined) return [];
  const { onlyOn } = context;
  const hosts = onlyOn === undefined ? {} : { onlyOn };
  const use = { name, at: named.value.at, inherited: { ...down, vars: {} }, params: vars, from, open, ...hosts };
  return context.scope.addRole(use, context.within);
}

function readImport(map: MapNode, context: TaskContext, above: Inherited, withVars = true): Import | undefined {
  const { problems } = context.loading;
  const imports = map.entries.filter(({ key }) => /^(import|include)_(tasks|role)$/.test(key.replace(prefix, '')));
  const [entry, second] = imports;
  if (entry === undefined) return undefined;
  const kind = entry.key.replace(prefix, '');
  if (second !== undefined) {
    problems.add(
      `a task has one module, but this has "${entry.key}" and "${second.key}"`,
      second.at,
      'split it into two tasks',
    );
    return undefined;
  }
  const rest: MapNode = { ...map, entries: map.entries.filter((one) => one !== entry) };
  checkKeys(rest, `"${kind}"`, keys, problems, refusedInImport);
  return { entry, kind, inherited: readInherited(rest, context, above, withVars) };
}

/** `apply: { tags: x }` of an include: keywords for the included tasks. */
function applied(args: MapNode | undefined, context: TaskContext, inherited: Inherited): Inherited {
  const { problems } = context.loading;
  const apply = args && field(args, 'apply', asMap, problems);
  if (apply === undefined) return inherited;
  checkKeys(apply, '"apply"', keys, problems, refusedInImport);
  return readInherited(apply, context, inherited);
}

async function findTasks(name: string, context: TaskContext): Promise<Yaml | undefined> {
  const { loader } = context.loading;
  if (isAbsolute(name)) return loader.readIfThere(name);
  for (const directory of directoriesOf(context)) {
    const yaml = await loader.readIfThere(resolve(directory, name));
    if (yaml !== undefined) return yaml;
  }
  return undefined;
}

function directoriesOf({ path, role, loading }: TaskContext): readonly string[] {
  const own = role === undefined ? join(loading.roots.project, 'tasks') : join(role.directory, 'tasks');
  return [...new Set([dirname(path), own])];
}
