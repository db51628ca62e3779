import { basename, dirname, resolve } from 'node:path';
import { keptBackups } from '../backups/kept-backups.ts';
import { readManifest } from '../backups/manifest.ts';
import { ageText } from '../core/amounts.ts';
import { HealError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import type { Host, Play, Variables } from '../core/playbook.ts';

/** A host whose variable `backup_max_age` is set. */
export interface WatchedBackups {
  readonly host: string;
  readonly maxAge: string;
  /** Absolute: the directory that contains one directory for each backup of the host. */
  readonly directory: string;
}

/**
 * The hosts for which `heal status` warns of old backups, each once.
 *
 * @param hostsOf the hosts of each play
 * @throws HealError of kind `usage` if a `backup_max_age` is not an age
 */
export function watchedBackups(
  plays: readonly Play[],
  hostsOf: (play: Play) => readonly Host[],
  project: string,
): WatchedBackups[] {
  const watched = new Map<string, WatchedBackups>();
  for (const play of plays) {
    for (const host of hostsOf(play)) {
      const variables = play.variables(host, undefined, { values: {} });
      const maxAge = stringOf(variables, 'backup_max_age');
      if (maxAge === undefined) continue;
      millisecondsOf(maxAge, `backup_max_age of ${host.name}`, 'backup_max_age: ');
      const directory = resolve(project, stringOf(variables, 'backup_dest') ?? `backups/${host.name}`);
      watched.set(host.name, { host: host.name, maxAge, directory });
    }
  }
  return [...watched.values()];
}

/**
 * Warns of each host whose newest backup is older than its `backup_max_age`. A backup was read back before it was kept; that it
 * still can be read is what `heal backup verify` proves.
 *
 * @param now in milliseconds since 1970
 */
export async function oldBackups(
  watched: readonly WatchedBackups[],
  now: number,
): Promise<Extract<Event, { type: 'warning' }>[]> {
  const warnings = await Promise.all(
    watched.map(async ({ host, maxAge, directory }) => {
      const newest = await newestOf(directory);
      if (newest !== undefined && now - newest <= millisecondsOf(maxAge, host, '')) return [];
      const message =
        newest === undefined
          ? `there is no backup in ${directory}`
          : `the newest backup was created ${ageText(now - newest)}, and backup_max_age is ${maxAge}`;
      return [{ type: 'warning' as const, host, message, hint: `heal run backup --limit ${host} creates one` }];
    }),
  );
  return warnings.flat();
}

/**
 * Milliseconds of `26h` or `2d`.
 *
 * @param what the option or variable, for the error
 * @param before what precedes the value in an example
 * @throws HealError of kind `usage`
 */
export function millisecondsOf(age: string, what: string, before: string): number {
  const [, count, unit] = /^(\d+)(h|d)$/.exec(age) ?? [];
  if (count === undefined) {
    const hint = `for example: ${before}26h, ${before}2d`;
    throw new HealError('usage', `${what} requires hours or days, not "${age}"`, { hint });
  }
  return Number(count) * (unit === 'h' ? 1 : 24) * 60 * 60 * 1000;
}

/** When the newest backup with a manifest was created, in milliseconds since 1970. */
async function newestOf(directory: string): Promise<number | undefined> {
  const name = basename(directory);
  const backups = await keptBackups(dirname(directory), (host) => host === name);
  for (const { path } of backups.reverse()) {
    try {
      return Date.parse((await readManifest(path)).created);
    } catch (error) {
      if (!(error instanceof HealError)) throw error;
    }
  }
  return undefined;
}

function stringOf(variables: Variables, name: string): string | undefined {
  const found = variables.lookup(name);
  if (found?.kind !== 'value' || found.value === null) return undefined;
  return String(found.value);
}
