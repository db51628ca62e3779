import type { DrillDone } from '../core/event.ts';
import { duration } from './duration.ts';
import type { Look } from './reporter.ts';
import type { Head } from './task-text.ts';

/** `drill jack-service : Jack is killed`. */
export function drillTitle(drill: { readonly drill: string; readonly role?: string }, look: Look): string {
  return look.clean.line(`drill ${drill.role === undefined ? '' : `${drill.role} : `}${drill.drill}`);
}

/** A drill's result: each check with the time until it held and the time that it had. */
export function drillText(done: DrillDone, head: Head, look: Look): string[] {
  const tone = done.status === 'healed' ? 'ok' : done.status;
  const message = done.message === undefined ? '' : ` | ${look.clean.line(done.message)}`;
  const width = Math.max(0, ...done.heals.map((heal) => heal.name.length));
  const checks = done.heals.map((heal) => {
    const late = heal.afterMs === undefined || heal.afterMs > heal.withinMs;
    const after = heal.afterMs === undefined ? 'never' : `after ${duration(heal.afterMs)}`;
    const name = look.clean.line(heal.name).padEnd(width);
    return `    ${look.paint(late ? 'failed' : 'ok', late ? 'x' : '+')} ${name}  ${after} (within ${duration(heal.withinMs)})`;
  });
  return [`${head(done.host, tone, done.status)}${drillTitle(done, look)}${message}`, ...checks];
}
