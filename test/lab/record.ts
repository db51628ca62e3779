import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labsDirectory } from './places.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

/** What a lab has on this machine, written down before it is made, so that any later process can take it down. */
export type LabRecord = {
  id: string;
  /** The process that answers for the lab; none for one that `npm run lab -- up` left running. */
  owner?: ProcessIdentity;
  /** Numbers and links of another boot of this machine mean nothing. */
  bootId: string;
  bridge: string;
  /** `10.77.N`: the bridge is .1, hosts follow from .2. */
  network: string;
  internet: boolean;
  hosts: HostRecord[];
  /** Programs beside the hosts, such as slow lines. */
  helpers: ProcessIdentity[];
};

/** One host's names on this machine; `supervisor` is the process that restarts its nspawn on a reboot. */
export type HostRecord = {
  name: string;
  machine: string;
  address: string;
  supervisor?: ProcessIdentity;
};

/** The directory of a lab. */
export function labDirectory(id: string): string {
  return join(labsDirectory, id);
}

/** The machine's present boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Writes a record so that a reader sees the old or the new one, never half of it. */
export function writeRecord(record: LabRecord): void {
  mkdirSync(labDirectory(record.id), { recursive: true, mode: 0o700 });
  const file = join(labDirectory(record.id), 'lab.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** All labs on this machine, running or left over. */
export function readRecords(): LabRecord[] {
  return directories().flatMap((id) => {
    try {
      return [JSON.parse(readFileSync(join(labDirectory(id), 'lab.json'), 'utf8')) as LabRecord];
    } catch {
      return []; // its owner is about to write it, or another process is just removing it
    }
  });
}

/** Whether nobody answers for the lab any more. */
export function isStale(record: LabRecord): boolean {
  return record.bootId !== bootId() || (record.owner !== undefined && !isAlive(record.owner));
}

function directories(): string[] {
  try {
    return readdirSync(labsDirectory).filter((name) => !name.includes('.'));
  } catch {
    return [];
  }
}
