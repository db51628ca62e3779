import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { makeControlGroup } from './control-group.ts';
import { childrenOf, identify, type ProcessIdentity } from './process-identity.ts';

/** A directory of this machine that a host sees. */
export type Bind = { source: string; target: string; readOnly?: boolean };

/** What it takes to start one host's processes. */
export type Start = { machine: string; root: string; bridge: string; console: string; binds: readonly Bind[] };

// nspawn does not start anew by itself under --keep-unit: it answers 133 for a reboot and 0 for a power-off. The
// supervisor stays outside the host's control group, which may hold no process beside its subgroups.
const supervise = `
procs=$1 link=$2; shift 2
while :; do
  sh -c 'echo $$ > "$0" && exec "$@"' "$procs" "$@"
  [ $? -eq 133 ] || exit 0
  ip link del "$link" 2>/dev/null
done`;

/** Starts a host in a session of its own, its console appended to a file; answers its supervisor at once. */
export function startNspawn(start: Start): ProcessIdentity {
  const output = openSync(start.console, 'a');
  const child = spawn(
    'sh',
    [
      '-c',
      supervise,
      'heal-lab',
      makeControlGroup(start.machine),
      `vb-${start.machine}`,
      'systemd-nspawn',
      ...options(start),
    ],
    {
      detached: true,
      stdio: ['ignore', output, output],
      // Else the host sees cgroup v1, read-only, and no container starts.
      env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    },
  );
  closeSync(output);
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error(`the host ${start.machine} did not start`);
  return identity;
}

/** A host's first process as this machine numbers it; undefined while it is down. It is a new one after a reboot. */
export function firstProcess(supervisor: ProcessIdentity | undefined): number | undefined {
  if (supervisor === undefined || identify(supervisor.pid)?.started !== supervisor.started) return undefined;
  const nspawn = childrenOf(supervisor.pid)[0];
  return nspawn === undefined ? undefined : childrenOf(nspawn)[0];
}

function options({ machine, root, bridge, binds }: Start): string[] {
  return [
    ...['-q', '-D', root, '--boot', '--register=no', '--keep-unit', '--settings=no', `--machine=${machine}`],
    ...[`--network-bridge=${bridge}`, '--resolv-conf=off', '--timezone=off', '--link-journal=no'],
    ...['--capability=all', '--system-call-filter=@keyring bpf add_key keyctl', '--bind=/dev/fuse'],
    ...binds.map(({ source, target, readOnly }) => `--bind${readOnly === true ? '-ro' : ''}=${source}:${target}`),
  ];
}
