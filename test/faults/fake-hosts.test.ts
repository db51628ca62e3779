import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakes } from '../ssh/fake-host.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { type FakeFleet, fakeFleet } from './fake-fleet.ts';
import { recapOf, type Workplace, workplace } from './project.ts';
import { peakOf } from './reported.ts';

/** How those end that hang. On a busy machine the time may be up at an earlier stage than that at which they stop. */
const late = /timed out after 5 s|no shell answered within 5 s|sent no facts within 30 s/;

/** How each fake host ends; the one that is not listed runs its tasks. */
const said: Readonly<Record<string, RegExp>> = {
  'accepts and says nothing': /logging in to \S+ port \d+ timed out after 5 s/,
  'says its version and nothing more': /logging in to \S+ port \d+ timed out after 5 s/,
  'closes at once': /closed/,
  'speaks HTTP': /SSH|closed/,
  'never answers who may log in': /logging in to \S+ port \d+ timed out after 5 s/,
  'never opens a channel': late,
  'never starts a command': late,
  'starts a command and says nothing': late,
  'sends one byte and stops': late,
  'stops in the middle of a frame': late,
  'announces a frame without end': /an answer of 68719476736 bytes; at most/,
  'announces large facts': /more than 4194304 bytes of facts/,
  'answers for a change that there is not': /which it was not asked for/,
  'makes noise without end': late,
};

/** Seconds: few for those that hang, plenty for those that have to get through the login on a busy machine. */
const patience = (what: string): number => (said[what]?.source.includes('after 5 s') === true ? 5 : 60);

describe.skipIf(noSshd !== undefined)('hosts that behave badly at each stage of a run', () => {
  let place: Workplace;
  let sshd: Sshd;
  let fleet: FakeFleet;
  let project = '';
  let stdout = '';
  let code: number | null = null;
  let peak = 0;

  beforeAll(async () => {
    place = workplace();
    sshd = await startSshd();
    fleet = await fakeFleet(sshd, patience);
    project = place.project(fleet.files);
    const started = place.start(project, ['run', 'site', '-f', '50']);
    const watch = setInterval(() => {
      peak = Math.max(peak, peakOf(started.pid));
    }, 50);
    ({ stdout, code } = await started.done.finally(() => clearInterval(watch)));
  }, 200_000);
  afterAll(() => {
    fleet?.stop();
    sshd?.stop();
    place?.remove();
  });

  test('the other hosts have run all tasks and handlers', () => {
    for (const name of fleet.good) {
      expect(recapOf(stdout, `${name} `)).toMatchObject({ ok: 2, changed: 2, failed: 0, unreachable: 0 });
      expect(readFileSync(join(sshd.directory, `${name}.told`), 'utf8')).toBe('');
    }
    expect(code).toBe(6);
  });

  test.each(Object.entries(said))('a host that %s is named with what it did', (what, message) => {
    const name = `fake${fakes.indexOf(what)}`;
    const lines = stdout.split('\n').filter((line) => line.startsWith(`${name} `));
    expect(lines.join('\n')).toMatch(message);
  });

  test('control characters in facts have no effect', () => {
    const name = `fake${fakes.indexOf('has control characters in its facts')}`;
    expect(recapOf(stdout, `${name} `)).toMatchObject({ ok: 2, failed: 0 });
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  test('heal ping prints them as JSON without control characters', async () => {
    const name = `fake${fakes.indexOf('has control characters in its facts')}`;
    const { code, stdout: document } = await place.heal(project, ['ping', name, '--output', 'json']);
    expect(code).toBe(0);
    expect(JSON.stringify(JSON.parse(document))).toContain(name);
    expect(document).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]|\\u00[0189]/);
  });

  test('memory stays below 300 MB', () => {
    expect(peak).toBeGreaterThan(10_000_000);
    expect(peak).toBeLessThan(300_000_000);
  });
});
