import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import type { LabHost } from './host.ts';
import { withLock } from './lock.ts';
import { freeNetwork, makeBridge } from './network.ts';
import { labsDirectory } from './places.ts';
import { identify } from './process-identity.ts';
import { readyMachine } from './ready-machine.ts';
import { bootId, type LabRecord, labDirectory, writeRecord } from './record.ts';
import { takeDown, takeDownStale } from './take-down.ts';

/** A lab's own options. */
export type OpenOptions = {
  /** Lets the hosts reach what this machine reaches (apt); off by default. */
  internet?: boolean;
  /** Leaves the lab running after this process; it is taken down by {@link takeDown}. */
  detached?: boolean;
};

/** A lab: a bridge, a key pair and the hosts booted so far. */
export type Lab = {
  readonly record: LabRecord;
  readonly directory: string;
  readonly hosts: LabHost[];
  /** This machine as the hosts reach it: test servers listen here. */
  readonly gateway: string;
  readonly identityFile: string;
  readonly publicKey: string;
  readonly knownHostsFile: string;
  /** A host by its name.
   * @throws Error when there is none */
  host(name: string): LabHost;
  /** Adds lines to the lab's known_hosts. */
  trust(lines: readonly string[]): void;
  /** Takes it all down; twice is fine. */
  stop(): void;
};

const open = new Set<LabRecord>();

/** Opens a lab without hosts.
 *
 * Labs left over by dead processes are taken down first. This one is taken down by `stop`, and where that is not reached
 * by the end of the process, by its INT, TERM or HUP signal, or by the next lab that opens.
 * @throws Error in one sentence when this machine cannot boot hosts */
export async function openLab(options: OpenOptions): Promise<Lab> {
  await readyMachine();
  const record = await reserve(options);
  try {
    return await equip(record);
  } catch (error) {
    close(record);
    throw error;
  }
}

async function reserve(options: OpenOptions): Promise<LabRecord> {
  return await withLock(join(labsDirectory, 'labs.lock'), async () => {
    takeDownStale();
    const id = `hl${randomBytes(3).toString('hex')}`;
    const owner = options.detached === true ? undefined : identify(process.pid);
    const record: LabRecord = {
      id,
      ...(owner === undefined ? {} : { owner }),
      bootId: bootId(),
      bridge: id,
      network: await freeNetwork(77),
      internet: options.internet ?? false,
      hosts: [],
      helpers: [],
    };
    writeRecord(record);
    if (owner !== undefined) {
      if (open.size === 0) watchTheEnd();
      open.add(record);
    }
    await makeBridge(record);
    return record;
  });
}

async function equip(record: LabRecord): Promise<Lab> {
  const directory = labDirectory(record.id);
  const identityFile = join(directory, 'id_ed25519');
  const knownHostsFile = join(directory, 'known_hosts');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', record.id, '-f', identityFile]);
  writeFileSync(knownHostsFile, '', { mode: 0o600 });
  const lab: Lab = {
    record,
    directory,
    hosts: [],
    gateway: `${record.network}.1`,
    identityFile,
    publicKey: readFileSync(`${identityFile}.pub`, 'utf8').trim(),
    knownHostsFile,
    host(name) {
      const found = lab.hosts.find((host) => host.name === name);
      if (found === undefined) throw new Error(`the lab has no host ${name}`);
      return found;
    },
    trust: (lines) => appendFileSync(knownHostsFile, lines.map((line) => `${line}\n`).join('')),
    stop: () => close(record),
  };
  return lab;
}

function close(record: LabRecord): void {
  takeDown(record);
  open.delete(record);
}

function closeAll(): void {
  for (const record of [...open]) close(record);
}

let watching = false;

function watchTheEnd(): void {
  if (watching) return;
  watching = true;
  process.once('exit', closeAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      closeAll();
      // Again, now without a listener of ours: it ends as whoever sent it meant. (vitest forbids process.exit.)
      process.kill(process.pid, signal);
    });
  }
}
