import type { Probe } from '../core/probe.ts';

/**
 * src/probes: read-only questions to a host, one file each. A probe says how a group of items is asked in one POSIX
 * script and how each item's answer is read back; it runs nothing itself. It may import core and shell.
 *
 * The identity function gives a declaration its types.
 */
export function defineProbe<P, V>(probe: Probe<P, V>): Probe<P, V> {
  return probe;
}
