import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, runChild } from '../child.ts';
import { healEntry } from './built.ts';

/** Runs heal in a project, on a machine whose resolver does not answer. Only root can. */
export function underDeadResolver(project: string, ...args: readonly string[]): Promise<Ended> {
  // Of TEST-NET-1 (RFC 5737): nobody answers there. Where there is no route to it the look-up fails at once, which is no harm.
  const resolver = join(project, 'resolv.conf');
  writeFileSync(resolver, 'nameserver 192.0.2.1\n');
  const script = `mount --bind "$0" /etc/resolv.conf && exec "$@"`;
  const words = ['-m', 'sh', '-c', script, resolver, process.execPath, healEntry, ...args];
  return runChild('unshare', words, { cwd: project });
}
