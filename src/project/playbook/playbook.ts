import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import type { ModuleSchema, Playbook } from '../../core/playbook.ts';
import type { Inventory } from '../inventory/groups.ts';
import { checkRoleArguments } from '../schema/role-arguments.ts';
import { compileConditions } from '../template/condition.ts';
import { loadExtraVars } from '../variables/extra-vars.ts';
import { checkNames } from '../variables/names.ts';
import { secretStore } from '../variables/secret-source.ts';
import { asList, asText, asTexts, checkKeys, field } from '../yaml/fields.ts';
import { entriesOf, type Yaml, yamlLoader } from '../yaml/load-yaml.ts';
import { collectProblems, usage } from '../yaml/problems.ts';
import { type Roots, shownPath } from '../yaml/source-file.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import { entryOf, type ListNode, type MapNode, type Node } from '../yaml/yaml-file.ts';
import { nothingInherited } from './inherited-keywords.ts';
import type { Inherited, Loading } from './loading.ts';
import { metaModule } from './meta.ts';
import { type FoundPlay, type LoadedPlay, readPlay } from './play.ts';
import { findRole, roleNames } from './role.ts';
import { sharedKeywords } from './task-keywords.ts';

/** The location and options of a playbook. Paths are absolute except `name`. */
export interface PlaybookOptions {
  readonly project: string;
  /** heal's own content: the directory that contains its tasks/, roles/ and templates/. */
  readonly shipped: string;
  /** `site` (tasks/site.yml of the project, then heal's own), a path of a .yml file, or the name of a role. */
  readonly name: string;
  readonly catalogue: ReadonlyMap<string, ModuleSchema>;
  readonly inventory: Inventory;
  /** The values of `-e`, in order. */
  readonly extraVars?: readonly string[];
  /** Base of relative paths of the command line; default the project. */
  readonly cwd?: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A Playbook with the additional data for `heal vars`. */
export interface LoadedPlaybook extends Playbook {
  readonly loaded: readonly LoadedPlay[];
}

/**
 * Reads a playbook with its roles and checks all of it: syntax, keywords, modules' arguments, names in templates and
 * conditions for every host, roles' arguments. Rejects with usage HealErrors, each with its Place.
 */
export async function loadPlaybook(options: PlaybookOptions): Promise<LoadedPlaybook> {
  const { project, shipped, inventory } = options;
  const problems = collectProblems();
  const secrets = secretStore({ project, home: options.home, env: options.env });
  const loader = yamlLoader(project, secrets, problems);
  const roots: Roots = { project, shipped };
  const catalogue = new Map([...options.catalogue, [metaModule.name, metaModule]]);
  const loading: Loading = { roots, catalogue, loader, secrets, problems, later: [] };
  const extra = await loadExtraVars(options.extraVars ?? [], project, options.cwd ?? project, secrets);
  const found = await findPlays(options, loading);
  problems.throwIfAny();
  const plays: LoadedPlay[] = [];
  for (const one of found) {
    const play = await readPlay(one, loading, { inventory, extra });
    if (play !== undefined) plays.push(play);
  }
  for (const check of loading.later) await check();
  // Files that could not be read would only cause further errors of names.
  problems.throwIfAny();
  let names: ReadonlySet<string> = new Set();
  for (const play of plays) {
    names = checkNames(play, extra, names, problems);
    await checkRoleArguments(play, inventory, extra, problems);
  }
  problems.throwIfAny();
  const all = new Set([...inventory.secrets, ...secrets.all()]);
  return { name: options.name, plays: plays.map((one) => one.play), secrets: [...all], loaded: plays };
}

/** The arguments that `heal run` accepts. */
export async function playbookNames(
  roots: Roots,
): Promise<{ readonly playbooks: readonly string[]; readonly roles: readonly string[] }> {
  const found = await Promise.all([roots.project, roots.shipped].map((root) => entriesOf(join(root, 'tasks'))));
  const files = found.flat().filter((entry) => !entry.isDirectory && /\.ya?ml$/.test(entry.name));
  const playbooks = [...new Set(files.map((entry) => entry.name.replace(/\.ya?ml$/, '')))].sort();
  return { playbooks, roles: await roleNames(roots) };
}

async function findPlays(options: PlaybookOptions, loading: Loading): Promise<readonly FoundPlay[]> {
  const { name } = options;
  const { loader, roots } = loading;
  if (/\.ya?ml$/.test(name) || /[\\/]/.test(name) || isAbsolute(name)) {
    const path = resolve(options.cwd ?? options.project, name);
    const yaml = await loader.readIfThere(path);
    if (yaml !== undefined) return playsIn(yaml, loading);
    throw usage(`there is no playbook ${shownPath(path, options.project)}`, undefined, 'check the path');
  }
  const yaml = await namedPlaybook(name, loading);
  if (yaml !== undefined) return playsIn(yaml, loading);
  const directory = await findRole(name, roots);
  if (directory !== undefined) return roleAlone(name, directory, loading);
  const known = await playbookNames(roots);
  const all = [...known.playbooks, ...known.roles];
  const there = `playbooks are ${listed(known.playbooks, 40) || 'none'}; roles are ${listed(known.roles, 40) || 'none'}`;
  throw usage(`there is no playbook or role "${name}"`, undefined, didYouMean(name, all, there));
}

async function namedPlaybook(name: string, { loader, roots }: Loading): Promise<Yaml | undefined> {
  return (await loader.named(join(roots.project, 'tasks'), name)) ?? loader.named(join(roots.shipped, 'tasks'), name);
}

/** The plays of a playbook; imported plays replace their import. */
async function playsIn(
  yaml: Yaml,
  loading: Loading,
  above: Inherited = nothingInherited,
  within: readonly string[] = [],
): Promise<FoundPlay[]> {
  if (yaml.broken) return [];
  const { problems } = loading;
  const { shown } = yaml.file;
  const list: ListNode | undefined = yaml.root === undefined ? undefined : asList(yaml.root, 'a playbook', problems);
  if (yaml.root === undefined || list?.items.length === 0) {
    problems.add('the playbook contains no play', yaml.file.place(0), 'write "- hosts: all" and its tasks');
  }
  const plays: FoundPlay[] = [];
  for (const [index, node] of (list?.items ?? []).entries()) {
    const entry = node.kind === 'map' ? node.entries.find(({ key }) => importsPlaybook.test(key)) : undefined;
    if (node.kind !== 'map' || entry === undefined) plays.push({ node, index, yaml, inherited: above });
    else plays.push(...(await importedPlays(node, entry, yaml, loading, above, [...within, shown])));
  }
  return plays;
}

const importsPlaybook = /^(ansible\.builtin\.)?import_playbook$/;

async function importedPlays(
  map: MapNode,
  entry: MapNode['entries'][number],
  yaml: Yaml,
  loading: Loading,
  above: Inherited,
  within: readonly string[],
): Promise<FoundPlay[]> {
  const { problems, loader } = loading;
  checkKeys(map, '"import_playbook"', ['name', 'tags', 'when', entry.key], problems, {
    vars: { status: 'not yet', hint: 'write them in the plays, or pass them with -e' },
  });
  const name = asText(entry.value, '"import_playbook"', problems);
  if (name === undefined) return [];
  const imported = await loader.readIfThere(resolve(dirname(yaml.file.path), name));
  if (imported === undefined) {
    problems.add(`there is no playbook ${name}`, entry.value.at, 'its path begins at the playbook that imports it');
    return [];
  }
  const { shown } = imported.file;
  if (within.includes(shown)) {
    const way = [...within, shown].join(' -> ');
    problems.add(`${shown} imports itself: ${way}`, entry.value.at, 'remove one of these imports');
    return [];
  }
  const when = entryOf(map, 'when');
  const down: Inherited = {
    ...above,
    tags: [...new Set([...above.tags, ...(field(map, 'tags', asTexts(true), problems) ?? [])])],
    when: [...above.when, ...((when && problems.attempt(() => compileConditions(when.value, '"when"'))) ?? [])],
  };
  return playsIn(imported, loading, down, within);
}

/** Keywords that roles inherit from a play: kept if a role runs alone. */
const kept = new Set<string>([
  'hosts',
  'vars',
  'vars_files',
  'gather_facts',
  'serial',
  'any_errors_fatal',
  'max_fail_percentage',
  'force_handlers',
  ...sharedKeywords.filter((key) => key !== 'tags'),
]);

/** The plays of `site` that use the role, reduced to this role; a play on all hosts if there are none. */
async function roleAlone(name: string, directory: string, loading: Loading): Promise<readonly FoundPlay[]> {
  const site = await namedPlaybook('site', loading);
  const plays = site === undefined ? [] : await playsIn(site, loading);
  const alone = plays.flatMap((play) => {
    const { node } = play;
    const roles = entryOf(node, 'roles')?.value;
    if (node.kind !== 'map' || roles?.kind !== 'list') return [];
    const uses = roles.items.filter((use) => named(use) === name);
    return uses.length === 0 ? [] : [{ ...play, node: narrowed(node, name, { ...roles, items: uses }) }];
  });
  if (alone.length > 0) return alone.map((play, index) => ({ ...play, index }));
  const shown = shownPath(directory, loading.roots.project);
  const at: Place = { file: shown, line: 1, column: 1 };
  const yaml: Yaml = { file: { path: join(directory, 'play'), shown, text: '', place: () => at }, root: undefined };
  const entries = [
    scalarEntry('hosts', 'all', at),
    { key: 'roles', at, value: { kind: 'list', at, items: [scalar(name, at)] } as ListNode },
  ];
  const node: MapNode = { kind: 'map', at, entries: [scalarEntry('name', name, at), ...entries] };
  return [{ node, index: 0, yaml, inherited: nothingInherited }];
}

function named(use: Node): string | undefined {
  if (use.kind === 'scalar') return String(use.value);
  const entry = entryOf(use, 'role') ?? entryOf(use, 'name');
  return entry?.value.kind === 'scalar' ? String(entry.value.value) : undefined;
}

function narrowed(play: MapNode, name: string, roles: ListNode): MapNode {
  const entries = play.entries.filter((entry) => kept.has(entry.key));
  return {
    ...play,
    entries: [scalarEntry('name', name, play.at), ...entries, { key: 'roles', at: roles.at, value: roles }],
  };
}

function scalar(value: string, at: Place): Node {
  return { kind: 'scalar', at, value, source: value, placeOf: () => at };
}

function scalarEntry(key: string, value: string, at: Place): MapNode['entries'][number] {
  return { key, at, value: scalar(value, at) };
}
