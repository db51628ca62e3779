import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attemptSync } from './command.ts';
import { killControlGroup, removeControlGroup } from './control-group.ts';
import { removeBridge } from './network.ts';
import { childrenOf, identify, isAlive, killExactly, type ProcessIdentity, waitGoneSync } from './process-identity.ts';
import { type HostRecord, isStale, type LabRecord, labDirectory, readRecords } from './record.ts';

// All of this blocks: it is also what runs while the process exits, where nothing asynchronous is waited for. Every
// step holds when it is already done, so a take-down that was itself cut short is simply done again.

/** Ends a host's processes. The overlay's upper directory stays, so that the host can boot again as it was. */
export function stopHost(record: HostRecord): void {
  const { supervisor } = record;
  // The supervisor goes last and by itself, having collected its nspawn: killed first, it would leave that one to the
  // machine's first process, which collects nothing in a container. A host in mid-reboot has a new first process soon.
  for (let round = 0; supervisor !== undefined && isAlive(supervisor); round++) {
    const nspawn = childrenOf(supervisor.pid);
    const first = nspawn.flatMap(childrenOf);
    // With its first process the kernel ends everything in a host's process namespace.
    for (const identity of identities(first.length > 0 ? first : nspawn)) killExactly(identity);
    if (!waitGoneSync(supervisor, 500) && round >= 10) for (const identity of identities(nspawn)) killExactly(identity);
    if (round >= 20) killExactly(supervisor);
  }
  // Whoever is left was started in the moment before a crash, or joined later.
  for (const identity of killControlGroup(record.machine)) waitGoneSync(identity, 5000);
  // nspawn may leave its end behind, and the next boot would fail with "File exists".
  attemptSync('ip', ['link', 'del', hostLink(record)]);
  removeControlGroup(record.machine);
}

/** This machine's end of a host's link. */
export function hostLink(record: HostRecord): string {
  return `vb-${record.machine}`;
}

/** Takes a lab down and removes all that it had on this machine. */
export function takeDown(record: LabRecord): void {
  for (const helper of record.helpers) killExactly(helper);
  for (const helper of record.helpers) waitGoneSync(helper, 2000);
  for (const host of record.hosts) stopHost(host);
  const directory = labDirectory(record.id);
  for (const mount of mountsBelow(directory)) attemptSync('umount', ['-l', mount]);
  removeBridge(record);
  if (mountsBelow(directory).length === 0 && existsSync(directory)) attemptSync('rm', ['-rf', directory]);
}

/** Takes down every lab whose owner is dead. Labs of living owners, and those left running on purpose, are not touched. */
export function takeDownStale(): LabRecord[] {
  const stale = readRecords().filter(isStale);
  for (const record of stale) takeDown(record);
  return stale;
}

/** What is mounted in a directory, innermost first. */
function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(join(directory, '/')))
    .reverse();
}

function identities(pids: number[]): ProcessIdentity[] {
  return pids.map(identify).filter((identity) => identity !== undefined);
}
