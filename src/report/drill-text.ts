import type { DrillDone } from '../core/event.ts';
import { duration } from './duration.ts';
import type { Look } from './reporter.ts';
import type { Head } from './task-text.ts';

/** `drill jack-service : Jack is killed`. */
export function drillTitle(drill: { readonly drill: string; readonly role?: string }, look: Look): string {
  return look.clean.line(`drill ${drill.role === undefined ? '' : `${drill.role} : `}${drill.drill}`);
}

/** A drill's result: each check with the time until it passed and its time limit. */
export function drillText(done: DrillDone, head: Head, look: Look): string[] {
  const tone = done.status === 'healed' ? 'ok' : done.status;
  const message = done.message === undefined ? '' : ` | ${look.clean.line(done.message)}`;
  const width = Math.max(0, ...done.heals.map((heal) => heal.name.length));
  const checks = done.heals.map((heal) => {
    const late = heal.afterMs === undefined || heal.afterMs > heal.withinMs;
    const after = heal.afterMs === undefined ? 'never' : `after ${duration(heal.afterMs)}`;
    const name = look.clean.line(heal.name).padEnd(width);
    const said = heal.said === undefined ? '' : `  ${look.paint('dim', look.clean.line(heal.said))}`;
    return `    ${look.paint(late ? 'failed' : 'ok', late ? 'x' : '+')} ${name}  ${after} (within ${duration(heal.withinMs)})${said}`;
  });
  return [`${head(done.host, tone, done.status)}${drillTitle(done, look)}${message}`, ...checks];
}

/** All drills of a run, a line each: the result, and the time until all checks passed again. */
export function drillTable(drills: readonly DrillDone[], { clean, paint }: Look): string[] {
  if (drills.length < 2) return [];
  const rows = drills.map(({ host, drill, status, heals }) => {
    const times = heals.map((heal) => heal.afterMs);
    const whole = times.every((ms) => ms !== undefined);
    return {
      host: clean.line(host),
      drill: clean.line(drill),
      status,
      time: whole && times.length > 0 ? duration(Math.max(...times)) : '',
    };
  });
  const width = (key: 'host' | 'drill' | 'time'): number => Math.max(...rows.map((row) => row[key].length));
  const [hosts, names, times] = [width('host'), width('drill'), width('time')];
  return [
    '',
    paint('bold', 'DRILLS'),
    ...rows.map(({ host, drill, status, time }) => {
      const tone = status === 'healed' ? 'ok' : status;
      return `${host.padEnd(hosts)}  ${drill.padEnd(names)}  ${time.padStart(times)}  ${paint(tone, status)}`;
    }),
  ];
}
