import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Workplace, workplace } from '../faults/project.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import type { Started, Transcript } from './built.ts';

/**
 * A playbook, and what its tasks append to the file `TRACE`. It runs on the hosts `a` and `b`, which are one machine.
 *
 * ansible-playbook 2.14.18 gives the same traces, except that it prints booleans as True and False.
 */
export interface TracedPlay {
  readonly play: string;
  /** More files of the project. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly trace: readonly string[];
  /** Default: 0. */
  readonly code?: number;
  /** What heal prints. */
  readonly prints?: RegExp;
}

/** Runs heal on a playbook in which `TRACE` is a path. */
interface PlayRuns {
  readonly run: (play: string, args: readonly string[]) => Promise<Transcript>;
  readonly start: (play: string, args: readonly string[], onOutput: (text: string) => void) => Started;
  /** The path of a file. */
  readonly path: (name: string) => string;
}

/** Makes a test of each playbook: a process of its own, as a user starts it. More tests may be made with what is passed. */
export function testPlays(
  title: string,
  plays: Readonly<Record<string, TracedPlay>>,
  more: (runs: PlayRuns) => void = () => {},
): void {
  describe.skipIf(noSshd !== undefined)(title, () => {
    let place: Workplace;
    let sshd: Sshd;
    beforeAll(async () => {
      place = workplace();
      sshd = await startSshd();
    });
    afterAll(() => {
      sshd?.stop();
      place?.remove();
    });
    const path = (name: string): string => join(sshd.directory, name);
    const shown = (text: string): string => text.replaceAll('TRACE', path('trace'));
    const projectOf = (play: string, files: TracedPlay['files'] = {}): string =>
      place.project({
        'inventory/hosts.yml': stringify({ all: { hosts: { a: sshd.variables, b: sshd.variables } } }),
        'tasks/play.yml': shown(play),
        ...Object.fromEntries(Object.entries(files).map(([name, text]) => [name, shown(text)])),
      });

    test.each(Object.entries(plays))('%s', async (_name, { play, files, args = [], trace, code = 0, prints = /^/ }) => {
      for (const name of ['trace', 'trace.ready']) rmSync(path(name), { force: true });
      const ended = await place.heal(projectOf(play, files), ['run', 'play', ...args]);
      expect(ended.code, ended.stdout + ended.stderr).toBe(code);
      const traced = existsSync(path('trace')) ? readFileSync(path('trace'), 'utf8').trimEnd().split('\n') : [];
      expect(traced).toEqual(trace);
      expect(ended.stdout).toMatch(prints);
    });

    more({
      run: (play, args) => place.heal(projectOf(play), args),
      start: (play, args, onOutput) => place.start(projectOf(play), args, onOutput),
      path,
    });
  });
}
