import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';

/** A shell that programs must run under, with the PATH that it has. */
export interface Shell {
  readonly name: string;
  readonly path: string;
  /** As in `spawn(file, [...args, '-c', text])`. */
  readonly command: readonly [string, ...string[]];
}

/** dash and bash with the machine's tools, and busybox ash with a PATH that has busybox's applets alone. */
export function shells(): { all: readonly Shell[]; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'heal-shells-'));
  // Programs are also run as other users.
  chmodSync(directory, 0o755);
  const all: Shell[] = [];
  const usual = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  for (const name of ['dash', 'bash']) {
    const found = usual.split(':').find((place) => existsSync(join(place, name)));
    if (found === undefined) continue;
    // The kept shell is started as `sh`.
    const own = mkdtempSync(join(directory, `${name}-`));
    chmodSync(own, 0o755);
    symlinkSync(join(found, name), join(own, 'sh'));
    all.push({ name, path: `${own}:${usual}`, command: [join(own, 'sh')] });
  }
  const busybox = usual.split(':').find((place) => existsSync(join(place, 'busybox')));
  if (busybox !== undefined) {
    const applets = mkdtempSync(join(directory, 'busybox-'));
    chmodSync(applets, 0o755);
    runSync(join(busybox, 'busybox'), ['--install', '-s', applets]);
    all.push({ name: 'busybox ash', path: applets, command: [join(applets, 'sh')] });
  }
  return { all, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** The shells that cases of the engine are defined under: without bash, which differs from dash less than busybox does, unless all cases are defined. */
export function engineShells(all: readonly Shell[]): readonly Shell[] {
  return runsAllCases ? all : all.filter(({ name }) => name !== 'bash');
}

/** The shells that {@link casesUnder} defines cases under: for files that have no others. */
export function caseShells(all: readonly Shell[]): readonly Shell[] {
  return runsAllCases ? all : all.filter(({ name }) => name.startsWith('dash'));
}

/**
 * Defines cases of the engine under one of the shells. What the engine decides is the same whichever shell runs its programs, so
 * under bash and busybox only those cases are defined that the shell itself may spoil, by `test`; with HEAL_TESTS=all these are too.
 */
export function casesUnder({
  name,
}: {
  readonly name: string;
}): (title: string, body: () => void | Promise<void>) => void {
  return (title, body) => {
    if (runsAllCases || name.startsWith('dash')) test(title, body);
  };
}
