import { dirname, join, resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import { compileLayer, type Layer } from '../variables/layer.ts';
import { type SecretStore, secretStore } from '../variables/secret-source.ts';
import { asMap, checkKeys } from '../yaml/fields.ts';
import { attemptAsync, entriesOf, type YamlLoader, yamlLoader } from '../yaml/load-yaml.ts';
import { collectProblems, type Problems, usage } from '../yaml/problems.ts';
import { shownPath } from '../yaml/source-file.ts';
import { closest } from '../yaml/spelling.ts';
import type { MapNode } from '../yaml/yaml-file.ts';
import { checkConnectionVariables } from './connection-variables.ts';
import { type Draft, type HostDraft, type Inventory, joinGroups } from './groups.ts';
import { expandHosts } from './host-range.ts';

export type { Inventory, InventoryHost } from './groups.ts';

/** The location of an inventory. Paths are absolute except `sources`. */
export interface InventoryOptions {
  readonly project: string;
  /** The values of `-i`: files, directories that contain a `hosts.yml`, or `host1,host2,`. Default `inventory`. */
  readonly sources?: readonly string[];
  /** Base of relative sources; default the project. */
  readonly cwd?: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Building {
  readonly groups: Map<string, Draft>;
  readonly hosts: Map<string, HostDraft>;
  readonly secrets: SecretStore;
  readonly problems: Problems;
  readonly project: string;
}

/** Reads the inventory. Rejects with usage HealErrors, each with its Place. */
export async function loadInventory(options: InventoryOptions): Promise<Inventory> {
  const problems = collectProblems();
  const secrets = secretStore({ project: options.project, home: options.home, env: options.env });
  const loader = yamlLoader(options.project, secrets, problems);
  const building: Building = { groups: new Map(), hosts: new Map(), secrets, problems, project: options.project };
  groupDraft(building, 'all', { file: 'inventory', line: 1, column: 1 });
  const sources = options.sources === undefined || options.sources.length === 0 ? ['inventory'] : options.sources;
  const directories = new Set<string>();
  for (const source of sources) {
    if (source.includes(',')) readList(source, building);
    else await attemptAsync(problems, () => readFileSource(source, options, loader, building, directories));
  }
  for (const directory of directories) await readDirectories(directory, loader, building);
  const inventory = joinGroups(building);
  problems.throwIfAny();
  return inventory;
}

/** `-i 'host1,host2,'`: a list without a file. */
function readList(source: string, building: Building): void {
  const at: Place = { file: '-i', line: 1, column: 1, text: source };
  for (const name of source.split(',').map((part) => part.trim())) {
    if (name !== '') for (const one of expandHosts(name)) hostDraft(building, one, at, 'all');
  }
}

async function readFileSource(
  source: string,
  options: InventoryOptions,
  loader: YamlLoader,
  building: Building,
  directories: Set<string>,
): Promise<void> {
  const path = resolve(options.cwd ?? options.project, source);
  const isFile = /\.(ya?ml|json)$/.test(path);
  const yaml = isFile ? await loader.readIfThere(path) : await loader.named(path, 'hosts');
  if (yaml === undefined) {
    const shown = shownPath(isFile ? path : join(path, 'hosts.yml'), options.project);
    throw usage(`there is no inventory ${shown}`, undefined, "create it, or list hosts with -i 'host1,host2,'");
  }
  directories.add(isFile ? dirname(path) : path);
  if (yaml.root === undefined) return;
  const top = asMap(yaml.root, 'an inventory', building.problems);
  for (const entry of top?.entries ?? []) readGroup(entry.key, entry.at, entry.value, building, 'all');
}

function readGroup(
  name: string,
  at: Place,
  node: MapNode['entries'][number]['value'],
  building: Building,
  parent: string,
): void {
  const { problems } = building;
  const group = groupDraft(building, name, at);
  if (name !== 'all') groupDraft(building, parent, at).children.add(name);
  if (building.hosts.has(name)) problems.add(`"${name}" is a host already`, at, 'give the group another name');
  if (node.kind === 'scalar' && node.value === null) return;
  const body = asMap(node, `group "${name}"`, problems);
  if (body === undefined) return;
  checkKeys(body, `group "${name}"`, ['hosts', 'children', 'vars'], problems);
  for (const { key, value } of body.entries) {
    if (value.kind === 'scalar' && value.value === null) continue;
    if (key === 'vars') {
      const vars = asMap(value, '"vars"', problems);
      if (vars !== undefined) group.layers.push(layerOf(`group ${name}`, vars, building));
    } else if (key === 'children') {
      for (const child of asMap(value, '"children"', problems)?.entries ?? []) {
        readGroup(child.key, child.at, child.value, building, name);
      }
    } else if (key === 'hosts') {
      for (const host of asMap(value, '"hosts"', problems)?.entries ?? []) readHost(host, building, name);
    }
  }
}

function readHost(entry: MapNode['entries'][number], building: Building, group: string): void {
  const { problems } = building;
  const names = problems.attempt(() => {
    try {
      return expandHosts(entry.key);
    } catch (error) {
      throw usage(error instanceof Error ? error.message : String(error), entry.at, 'write it as in jack[1:3]');
    }
  });
  const empty = entry.value.kind === 'scalar' && entry.value.value === null;
  const vars = empty ? undefined : asMap(entry.value, `host "${entry.key}"`, problems);
  for (const name of names ?? []) {
    const host = hostDraft(building, name, entry.at, group);
    if (vars !== undefined) host.layers.push(layerOf(`host ${name}`, vars, building));
  }
}

/** group_vars/ and host_vars/ next to an inventory: NAME.yml, or a directory NAME of such files. */
async function readDirectories(directory: string, loader: YamlLoader, building: Building): Promise<void> {
  for (const kind of ['group', 'host'] as const) {
    const base = join(directory, `${kind}_vars`);
    const drafts: ReadonlyMap<string, { layers: Layer[] }> = kind === 'group' ? building.groups : building.hosts;
    for (const entry of await entriesOf(base)) {
      const name = entry.name.replace(/\.(ya?ml|json)$/, '');
      if (name.startsWith('.') || (!entry.isDirectory && name === entry.name)) continue;
      const files = entry.isDirectory
        ? (await entriesOf(join(base, name)))
            .filter((file) => /\.(ya?ml|json)$/.test(file.name))
            .map((file) => join(base, name, file.name))
        : [join(base, entry.name)];
      for (const path of files) {
        const yaml = await loader.read(path);
        const draft = drafts.get(name);
        // A file for a group of another inventory is allowed, a misspelled name is not.
        const near = draft === undefined ? closest(name, drafts.keys()) : undefined;
        if (near !== undefined)
          building.problems.add(`there is no ${kind} "${name}"`, yaml.file.place(0), `did you mean "${near}"?`);
        if (draft === undefined || yaml.root === undefined) continue;
        const vars = asMap(yaml.root, 'a file of variables', building.problems);
        if (vars !== undefined) draft.layers.push(layerOf(`${kind} ${name}`, vars, building));
      }
    }
  }
}

function layerOf(title: string, node: MapNode, building: Building): Layer {
  return compileLayer(title, node, building.secrets, building.problems, checkConnectionVariables);
}

function groupDraft(building: Building, name: string, at: Place): Draft {
  const known = building.groups.get(name);
  if (known !== undefined) return known;
  const draft: Draft = { name, at, hosts: new Set(), children: new Set(), layers: [] };
  building.groups.set(name, draft);
  return draft;
}

function hostDraft(building: Building, name: string, at: Place, group: string): HostDraft {
  if (building.groups.has(name))
    building.problems.add(`"${name}" is a group already`, at, 'give the host another name');
  if (!/^[\w.:%-]+$/.test(name))
    building.problems.add(`"${name}" is not a valid host name`, at, 'it has letters, digits, "-", "_", "." and ":"');
  groupDraft(building, group, at).hosts.add(name);
  const known = building.hosts.get(name);
  if (known !== undefined) return known;
  const draft: HostDraft = { name, at, layers: [] };
  building.hosts.set(name, draft);
  return draft;
}
