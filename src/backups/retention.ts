/** How many backups of a host are kept: the newest of each of a number of hours, days, weeks, months, and the `last` ones. */
export interface Retention {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export const retentionKeys = ['last', 'hourly', 'daily', 'weekly', 'monthly'] as const;

/**
 * Which backups a retention keeps. It always keeps the newest.
 *
 * @param created times of a host's backups; any order
 * @returns those to keep
 */
export function keptBy(created: readonly Date[], retention: Retention): ReadonlySet<Date> {
  const newestFirst = [...created].sort((a, b) => b.getTime() - a.getTime());
  const kept = new Set(newestFirst.slice(0, Math.max(1, retention.last)));
  for (const [key, periodOf] of periods) {
    const seen = new Set<string>();
    for (const time of newestFirst) {
      const period = periodOf(time);
      if (seen.has(period)) continue;
      if (seen.size >= retention[key]) break;
      seen.add(period);
      kept.add(time);
    }
  }
  return kept;
}

const iso = (time: Date, length: number): string => time.toISOString().slice(0, length);

/** The hour, day, week and month of a time, in UTC. */
const periods: readonly (readonly [Exclude<keyof Retention, 'last'>, (time: Date) => string])[] = [
  ['hourly', (time) => iso(time, 13)],
  ['daily', (time) => iso(time, 10)],
  // The Monday before it. 1970-01-01 was a Thursday.
  ['weekly', (time) => String(Math.floor((Math.floor(time.getTime() / 86_400_000) + 3) / 7))],
  ['monthly', (time) => iso(time, 7)],
];
