import type { Probe } from '../core/probe.ts';

/**
 * src/probes: read-only questions to a host, one file each. A probe defines the POSIX script that asks a group of items
 * and how each item's answer is parsed; it runs nothing itself. It may import core and shell.
 *
 * The identity function types a declaration.
 */
export function defineProbe<P, V>(probe: Probe<P, V>): Probe<P, V> {
  return probe;
}
