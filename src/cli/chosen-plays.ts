import { HealError } from '../core/errors.ts';
import type { Host, Play, Playbook } from '../core/playbook.ts';
import type { Inventory } from '../project/inventory/inventory.ts';
import { limitHosts, selectHosts } from '../project/inventory/pattern.ts';

/**
 * The hosts of each play: those of its pattern that `--limit` keeps.
 * @throws HealError of kind `usage` if no host remains in any play
 */
export async function hostsOfPlays(
  playbook: Playbook,
  inventory: Inventory,
  limit: string | undefined,
  cwd: string,
): Promise<(play: Play) => readonly Host[]> {
  const left =
    limit === undefined ? undefined : new Set((await limitHosts(inventory, limit, cwd)).map((host) => host.name));
  const chosen = new Map(
    playbook.plays.map((play) => {
      const hosts = selectHosts(inventory, play.hosts, play.at);
      return [play, left === undefined ? hosts : hosts.filter((host) => left.has(host.name))];
    }),
  );
  if ([...chosen.values()].every((hosts) => hosts.length === 0)) {
    const patterns = [...new Set(playbook.plays.map((play) => play.hosts))].join(', ');
    throw new HealError('usage', `--limit ${limit} leaves no host of ${playbook.name}`, {
      hint: `its plays are for ${patterns}`,
    });
  }
  return (play) => chosen.get(play) ?? [];
}
