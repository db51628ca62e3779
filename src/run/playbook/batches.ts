import type { Host } from '../../core/playbook.ts';

/**
 * Splits hosts into batches as `serial` specifies: counts or percentages of all hosts, in order; the last value is repeated
 * until no host is left (Ansible's rule). Without `serial` there is one batch.
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

/** At least one host, because an empty batch would never end the run. */
function sizeOf(size: number | string, total: number): number {
  const count =
    typeof size === 'string' && size.endsWith('%')
      ? Math.floor((total * Number.parseFloat(size)) / 100)
      : Math.floor(Number(size));
  return Math.max(1, Number.isNaN(count) ? total : count);
}
