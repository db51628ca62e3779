import type { Place } from '../../core/place.ts';
import type { Host } from '../../core/playbook.ts';
import type { Secret } from '../../core/secret.ts';
import type { Layer } from '../variables/layer.ts';
import type { SecretStore } from '../variables/secret-source.ts';
import type { Problems } from '../yaml/problems.ts';

export interface Group {
  readonly name: string;
  readonly at: Place;
  /** Names of all hosts in it and in the groups below it, in the order of the files. */
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  /** 0 for `all`; for other groups the length of the longest path from `all`. */
  readonly depth: number;
}

/** A host with its variables from each level of the inventory, the weakest first. */
export interface InventoryHost extends Host {
  readonly layers: readonly Layer[];
}

export interface Inventory {
  /** By name, in the order of the files. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly secrets: readonly Secret[];
}

/** The data of a group that was read so far. */
export interface Draft {
  readonly name: string;
  readonly at: Place;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly layers: Layer[];
}

/** The data of a host that was read so far. */
export interface HostDraft {
  readonly name: string;
  readonly at: Place;
  readonly layers: Layer[];
}

/** All data of the files. */
export interface Drafts {
  readonly groups: ReadonlyMap<string, Draft>;
  readonly hosts: ReadonlyMap<string, HostDraft>;
  readonly secrets: SecretStore;
  readonly problems: Problems;
}

/** Computes members, depths and the order of precedence. A group inside itself is reported to the Problems. */
export function joinGroups({ groups, hosts, secrets, problems }: Drafts): Inventory {
  const depths = depthsOf(groups, problems);
  const members = new Map<string, Set<string>>();
  const membersOf = (name: string, path: readonly string[] = []): Set<string> => {
    const known = members.get(name);
    if (known !== undefined || path.includes(name)) return known ?? new Set();
    const draft = groups.get(name);
    const all = new Set(name === 'all' ? hosts.keys() : draft?.hosts);
    for (const child of draft?.children ?? []) for (const host of membersOf(child, [...path, name])) all.add(host);
    members.set(name, all);
    return all;
  };
  const order = [...hosts.keys()];
  const finished = new Map<string, Group>();
  for (const draft of groups.values()) {
    const inside = membersOf(draft.name);
    finished.set(draft.name, {
      name: draft.name,
      at: draft.at,
      hosts: order.filter((host) => inside.has(host)),
      children: [...draft.children],
      depth: depths.get(draft.name) ?? 1,
    });
  }
  const ranked = [...finished.values()].sort((a, b) => a.depth - b.depth || (a.name < b.name ? -1 : 1));
  const finishedHosts = new Map<string, InventoryHost>();
  for (const host of hosts.values()) {
    const in_ = ranked.filter((group) => members.get(group.name)?.has(host.name)).map((group) => group.name);
    const layers = [...in_.flatMap((group) => groups.get(group)?.layers ?? []), ...host.layers];
    const vars = Object.assign({}, ...layers.map((layer) => layer.vars));
    finishedHosts.set(host.name, { name: host.name, at: host.at, groups: in_, vars, layers });
  }
  return { hosts: finishedHosts, groups: finished, secrets: secrets.all() };
}

function depthsOf(groups: ReadonlyMap<string, Draft>, problems: Problems): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const walk = (name: string, path: readonly string[]): void => {
    const draft = groups.get(name);
    if (draft === undefined) return;
    if (path.includes(name)) {
      problems.add(
        `group "${name}" is below itself: ${[...path, name].join(' -> ')}`,
        draft.at,
        'remove one of these children',
      );
      return;
    }
    if ((depths.get(name) ?? -1) >= path.length) return;
    depths.set(name, path.length);
    for (const child of draft.children) walk(child, [...path, name]);
  };
  walk('all', []);
  return depths;
}
