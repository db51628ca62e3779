import type { Counts, Event } from '../core/event.ts';
import { count, duration } from './duration.ts';
import type { Tone } from './paint.ts';
import type { Look } from './reporter.ts';

/** Columns in Ansible's order, so that programs that read its recap can read heal's. */
const columns: readonly (readonly [key: keyof Counts, tone: Tone])[] = [
  ['ok', 'ok'],
  ['changed', 'changed'],
  ['unreachable', 'unreachable'],
  ['failed', 'failed'],
  ['skipped', 'skipped'],
  ['rescued', 'ok'],
  ['ignored', 'skipped'],
];

/** Ansible's `PLAY RECAP`; below it the plan of each host in check mode, and one line with the run's cost. */
export function recapText(
  end: Extract<Event, { type: 'run-end' }>,
  check: boolean,
  { clean, paint, columns: cells }: Look,
): string[] {
  const hosts = Object.entries(end.report);
  const heading = 'PLAY RECAP ';
  const stars = '*'.repeat(Math.max(3, Math.min(cells, 80) - 1 - heading.length));
  const width = Math.max(20, ...hosts.map(([host]) => host.length));
  const lines = hosts.map(([host, counts]) => {
    const shown = check ? [...columns, ['unknown', 'unknown'] as const] : columns;
    const stats = shown.map(([key, tone], index) => {
      const text = `${key}=${String(counts[key]).padEnd(index === shown.length - 1 ? 0 : 4)}`;
      return counts[key] === 0 ? text : paint(tone, text);
    });
    return `${paint(hostTone(counts), clean.line(host).padEnd(width))} : ${stats.join(' ')}`;
  });
  const plans = check
    ? ['', ...hosts.map(([host, counts]) => `plan: ${clean.line(host)}: ${plan(counts, paint)}`)]
    : [];
  const trips = end.roundTrips === 0 ? '' : `, ${count(end.roundTrips, 'round trip')}`;
  return [
    '',
    `${paint('bold', heading)}${paint('dim', stars)}`,
    ...lines,
    ...plans,
    '',
    `${count(hosts.length, 'host')} in ${duration(end.ms)}${trips}`,
    ...(end.unfinished === undefined ? [] : [paint('failed', `interrupted: ${notFinished(end.unfinished, clean)}`)]),
  ];
}

function notFinished(hosts: readonly string[], clean: Look['clean']): string {
  return hosts.length === 0 ? 'all hosts had finished' : `not finished: ${clean.line(hosts.join(', '))}`;
}

function hostTone(counts: Counts): Tone {
  if (counts.unreachable > 0) return 'unreachable';
  if (counts.failed > 0) return 'failed';
  return counts.changed > 0 ? 'changed' : 'ok';
}

/** The changes that a run would apply to one host. */
function plan(counts: Counts, paint: Look['paint']): string {
  if (counts.unreachable > 0) return paint('unreachable', 'not known, the host was unreachable');
  const parts: string[] = [];
  if (counts.changed > 0) parts.push(paint('changed', `${counts.changed} to change`));
  if (counts.unknown > 0) parts.push(paint('unknown', `${counts.unknown} unknown until these are applied`));
  if (counts.failed > 0) parts.push(paint('failed', `${counts.failed} failed`));
  return parts.length === 0 ? paint('ok', 'nothing to do') : parts.join(', ');
}
