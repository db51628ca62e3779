import type { Host } from '../../core/playbook.ts';

/**
 * Splits hosts into batches as `serial` says: counts or percentages of all hosts, one after the other, the last one
 * again and again until no host is left (Ansible's rule). No `serial` is one batch.
 */
export function batches(hosts: readonly Host[], serial: readonly (number | string)[]): Host[][] {
  const rest = [...hosts];
  const made: Host[][] = [];
  for (let index = 0; rest.length > 0; index += 1) {
    const size = serial[Math.min(index, serial.length - 1)];
    made.push(rest.splice(0, size === undefined ? rest.length : sizeOf(size, hosts.length)));
  }
  return made;
}

/** At least one host, or a run would never end. */
function sizeOf(size: number | string, total: number): number {
  const count =
    typeof size === 'string' && size.endsWith('%')
      ? Math.floor((total * Number.parseFloat(size)) / 100)
      : Math.floor(Number(size));
  return Math.max(1, Number.isNaN(count) ? total : count);
}
