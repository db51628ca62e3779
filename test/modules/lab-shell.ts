import type { LabHost } from '../lab/host.ts';
import type { Shell } from './on-this-machine.ts';

/** The shell of a lab's host, entered from here, so that modules can be applied on it without an engine. */
export function labShell(host: Pick<LabHost, 'name' | 'pid'>): Shell {
  return {
    name: host.name,
    sh: '/bin/sh',
    path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    enter: ['nsenter', '-a', '-t', String(host.pid), '--'],
  };
}
