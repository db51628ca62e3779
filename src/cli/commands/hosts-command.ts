import { type Inventory, loadInventory } from '../../project/inventory/inventory.ts';
import { limitHosts, selectHosts } from '../../project/inventory/pattern.ts';
import { hostTree } from '../host-tree.ts';
import type { Options } from '../options.ts';
import { findProject } from '../project-directory.ts';
import type { World } from '../world.ts';

/** The project's inventory, or the one that `-i` names; its secrets are masked. */
export async function inventoryOf(options: Options, world: World): Promise<{ inventory: Inventory; project: string }> {
  const listed = options.inventory.length > 0;
  // With `-i`, no project is required.
  const project =
    listed && options.project === undefined ? projectOr(world.cwd) : findProject(world.cwd, options.project);
  const { cwd, home, env } = world;
  const inventory = await loadInventory({
    project,
    home,
    env,
    ...(listed ? { sources: options.inventory, cwd } : {}),
  });
  world.hide(inventory.secrets);
  return { inventory, project };
}

function projectOr(cwd: string): string {
  try {
    return findProject(cwd, undefined);
  } catch {
    return cwd;
  }
}

/** Names of the hosts that a pattern and `--limit` select. */
export async function chosenHosts(
  inventory: Inventory,
  pattern: string,
  limit: string | undefined,
  cwd: string,
): Promise<ReadonlySet<string>> {
  const chosen = new Set(selectHosts(inventory, pattern).map((host) => host.name));
  if (limit === undefined) return chosen;
  const left = await limitHosts(inventory, limit, cwd);
  return new Set(left.map((host) => host.name).filter((name) => chosen.has(name)));
}

/** `heal hosts [PATTERN]`: the groups and hosts of the inventory. */
export async function hostsCommand(options: Options, world: World): Promise<number> {
  const { inventory } = await inventoryOf(options, world);
  const chosen = await chosenHosts(inventory, options.target, options.limit, world.cwd);
  if (options.output === 'json') {
    const hosts = [...inventory.hosts.values()]
      .filter((host) => chosen.has(host.name))
      .map((host) => [host.name, { groups: host.groups, at: `${host.at.file}:${host.at.line}:${host.at.column}` }]);
    const groups = [...inventory.groups.values()].map((group) => [
      group.name,
      { children: group.children, hosts: group.hosts.filter((name) => chosen.has(name)) },
    ]);
    const document = { format: 1, hosts: Object.fromEntries(hosts), groups: Object.fromEntries(groups) };
    world.json(document);
    return 0;
  }
  world.out(`${hostTree(inventory, chosen, world.paint).join('\n')}\n`);
  return 0;
}
