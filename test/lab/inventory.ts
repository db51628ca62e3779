import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type HostRecord, isStale, type LabRecord, labDirectory, readRecords } from './record.ts';

/** Where `npm run lab -- up` writes the inventory for `heal run -i`. */
export const inventoryDirectory = '/tmp/heal-lab/inventory';

/** A host of a lab that was left running. */
export type StandingHost = { lab: LabRecord; host: HostRecord };

/** The hosts of all labs that nobody's process answers for: those that `up` left running. */
export function standingHosts(): StandingHost[] {
  return readRecords()
    .filter((lab) => lab.owner === undefined && !isStale(lab))
    .flatMap((lab) => lab.hosts.map((host) => ({ lab, host })));
}

/** What ssh and heal need to reach a host of a lab. */
export function access({ lab, host }: StandingHost) {
  const directory = labDirectory(lab.id);
  return {
    address: host.address,
    user: 'root',
    identity_file: join(directory, 'id_ed25519'),
    known_hosts_file: join(directory, 'known_hosts'),
  };
}

/** An inventory of these hosts in the group `vps`; YAML. */
export function inventoryText(hosts: readonly StandingHost[]): string {
  const lines = ['all:', '  children:', '    vps:', '      hosts:'];
  for (const standing of hosts) {
    lines.push(`        ${standing.host.name}:`);
    for (const [key, value] of Object.entries(access(standing))) lines.push(`          ${key}: ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Writes the inventory of what stands now, or removes it when nothing does. */
export function writeInventory(): string {
  const hosts = standingHosts();
  rmSync(dirname(inventoryDirectory), { recursive: true, force: true });
  if (hosts.length === 0) return '';
  mkdirSync(inventoryDirectory, { recursive: true });
  const text = inventoryText(hosts);
  writeFileSync(join(inventoryDirectory, 'hosts.yml'), text);
  return text;
}
