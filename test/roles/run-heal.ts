import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startChild } from '../child.ts';
import type { LabHost } from '../lab/host.ts';

/** What a run of the command gave. */
export interface HealResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command, with an inventory of lab hosts. */
export interface Heal {
  /** Runs the built command from the repository's own directory, as a user would. */
  readonly run: (...args: string[]) => Promise<HealResult>;
  /** The same, for a command that may take so many milliseconds. */
  readonly runFor: (limitMs: number, ...args: string[]) => Promise<HealResult>;
  /** The same, for a test that does something meanwhile. */
  readonly start: (...args: string[]) => Started;
  readonly inventory: string;
  readonly remove: () => void;
}

/** Writes an inventory of these hosts, in the group vps, with variables of each. */
export function healOn(
  hosts: readonly LabHost[],
  vars: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Heal {
  const directory = mkdtempSync(join(tmpdir(), 'heal-inventory-'));
  const inventory = join(directory, 'inventory');
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
    runFor: (limitMs, ...args) => healCommand([...args, '-i', inventory], '.', limitMs),
    start: (...args) => startHeal([...args, '-i', inventory]),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Milliseconds that a run of all roles may take: half a minute on a quiet machine. */
export const wholeSiteMs = 240_000;

/** Runs the built command. */
export function healCommand(args: readonly string[], cwd = '.', limitMs = wholeSiteMs): Promise<HealResult> {
  return startHeal(args, cwd, limitMs).done;
}

/** A command that runs. */
export interface Started {
  readonly done: Promise<HealResult>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

function startHeal(args: readonly string[], cwd = '.', limitMs = wholeSiteMs): Started {
  const launcher = join(import.meta.dirname, '../../bin/heal.js');
  const { child, ended } = startChild(process.execPath, [launcher, ...args], { cwd, limitMs });
  const done = ended.then(({ code, stdout, stderr }) => ({ code: code ?? -1, stdout, stderr }));
  return { done, kill: (signal) => child.kill(signal) };
}
