import { exitCodes } from '../core/errors.ts';
import type { Report } from '../core/event.ts';

/** Ansible's exit codes: 2 if a host failed, 4 if one could not be reached, 6 if both happened, else 0. */
export function exitCodeOf(report: Report): number {
  const counts = Object.values(report);
  const failed = counts.some((host) => host.failed > 0) ? exitCodes.failed : 0;
  const unreachable = counts.some((host) => host.unreachable > 0) ? exitCodes.unreachable : 0;
  return failed | unreachable;
}
