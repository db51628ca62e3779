import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { identify, killExactly, type ProcessIdentity } from './process-identity.ts';

// Every host has a control group of its own. nspawn started by hand puts its payload beside itself, so two hosts
// started from one shell would share one tree, and each systemd would tidy away the other's services.

function mountPoints(type: 'cgroup2' | 'named'): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((part) => (type === 'cgroup2' ? part[2] === 'cgroup2' : /\bname=systemd\b/.test(part[3] ?? '')))
    .map((part) => part[1] ?? '')
    .filter((path) => path.startsWith('/sys/fs/cgroup'));
}

/** Makes a host's control group and answers the file into which a process writes its number to enter. */
export function makeControlGroup(machine: string): string {
  const directory = controlGroup(machine);
  mkdirSync(directory, { recursive: true });
  return join(directory, 'cgroup.procs');
}

/** Where a program from outside enters a running host's control group: beside the host's first process. */
export function payloadGroup(machine: string): string {
  return join(controlGroup(machine), 'payload/init.scope/cgroup.procs');
}

function controlGroup(machine: string): string {
  const mount = mountPoints('cgroup2')[0];
  if (mount === undefined) throw new Error('no cgroup2 mount was found under /sys/fs/cgroup');
  return join(mount, `heal-${machine}`);
}

/**
 * Milliseconds of processor time that a host has used since it was booted, in user and kernel mode.
 *
 * @param pid Process id of its systemd, on this machine.
 */
export function processorTime(pid: number): number {
  const mount = mountPoints('cgroup2')[0] ?? '';
  const own = /^0::(\/[^/\n]+)/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  const stat = own === undefined ? '' : readFileSync(join(mount, own, 'cpu.stat'), 'utf8');
  const used = /^usage_usec (\d+)$/m.exec(stat)?.[1];
  if (used === undefined) throw new Error(`the processor time of the host with process ${pid} is not known`);
  return Number(used) / 1000;
}

/** Ends whatever still runs in a host's control group. The group is ours by its name, and so is all that is in it. */
export function killControlGroup(machine: string): ProcessIdentity[] {
  const found = directories(machine)
    .flatMap((directory) => numbersIn(join(directory, 'cgroup.procs')))
    .map(identify)
    .filter((identity) => identity !== undefined);
  for (const identity of found) killExactly(identity);
  return found;
}

/** Removes a host's control groups in every hierarchy where nspawn made one. */
export function removeControlGroup(machine: string): void {
  for (const directory of directories(machine)) {
    try {
      rmdirSync(directory);
    } catch {
      // Still busy: the next take-down of stale labs tries again.
    }
  }
}

/** The host's groups, deepest first. */
function directories(machine: string): string[] {
  return [...mountPoints('cgroup2'), ...mountPoints('named')]
    .map((mount) => join(mount, `heal-${machine}`))
    .filter(existsSync)
    .flatMap(below);
}

function below(directory: string): string[] {
  const inner = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap((entry) => below(join(directory, entry.name))), directory];
}

function numbersIn(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
