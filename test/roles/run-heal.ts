import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runChild } from '../child.ts';
import type { LabHost } from '../lab/host.ts';

/** What a run of the command gave. */
export interface HealResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command, with an inventory of lab hosts. */
export interface Heal {
  /** Runs the built command from the repository's own folder, as a user would. */
  readonly run: (...args: string[]) => Promise<HealResult>;
  readonly inventory: string;
  readonly remove: () => void;
}

/** Writes an inventory of these hosts, in the group vps, with variables of each. */
export function healOn(
  hosts: readonly LabHost[],
  vars: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Heal {
  const folder = mkdtempSync(join(tmpdir(), 'heal-inventory-'));
  const inventory = join(folder, 'inventory');
  mkdirSync(inventory);
  const entries = hosts.map((host) => [
    host.name,
    {
      address: host.address,
      user: host.user,
      identity_file: host.identityFile,
      known_hosts_file: host.knownHostsFile,
      ...vars[host.name],
    },
  ]);
  const text = stringify({ all: { children: { vps: { hosts: Object.fromEntries(entries) } } } });
  writeFileSync(join(inventory, 'hosts.yml'), text);
  return {
    inventory,
    run: (...args) => healCommand([...args, '-i', inventory]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs the built command. */
export async function healCommand(args: readonly string[], cwd = '.'): Promise<HealResult> {
  const launcher = join(import.meta.dirname, '../../bin/heal.js');
  const { code, stdout, stderr } = await runChild(process.execPath, [launcher, ...args], { cwd });
  return { code: code ?? -1, stdout, stderr };
}
