import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { hostLines } from '../../src/report/host-lines.ts';
import { look } from './look.ts';
import { done, facts, sampleRun, task } from './sample-run.ts';

const icons = { done: '+', failed: 'x', waiting: '.' };

function picture(
  events: readonly Event[],
  size = { columns: 80, rows: 24 },
  waited = 0,
  ...secrets: string[]
): string[] {
  let now = 0;
  const lines = hostLines(look({}, ...secrets), icons, () => now);
  for (const event of events) lines.on(event);
  now = waited;
  return lines.draw('*', size).split('\n');
}

const start = (...hosts: string[]): Event[] => [
  { type: 'run-start', playbook: 'site', check: false, hosts },
  { type: 'play-start', play: 'p', hosts, tasks: 12 },
];

describe('a host is a line', () => {
  test.each<[string, Event[], string]>([
    ['it waits', [], '. jack4  waiting'],
    ['it logs in', [{ type: 'host-connecting', host: 'jack4' }], '* jack4  0/12  logging in'],
    [
      'it is asked',
      [
        { type: 'host-connected', host: 'jack4', facts, ms: 1 },
        { type: 'host-asking', host: 'jack4', questions: 1 },
      ],
      '* jack4  0/12  asking 1 question',
    ],
    [
      'it is changed',
      [{ type: 'task-start', host: 'jack4', task: task('Jack runs'), titles: ['start x.service'] }],
      '* jack4  0/12  jack-service : Jack runs: start x.service',
    ],
    [
      'it was changed',
      [done('Jack runs', { status: 'changed' })],
      '* jack4  1/12  jack-service : Jack runs  1 changed',
    ],
    [
      'it waits for others',
      [done('Jack runs', { status: 'ok' }), { type: 'host-waiting', host: 'jack4' }],
      '* jack4  1/12  waiting for the other hosts',
    ],
    ['a task failed', [done('Jack runs', { status: 'failed' })], 'x jack4  1/12  jack-service : Jack runs'],
    [
      'it has fewer tasks than others',
      [
        { type: 'play-start', play: 'p', hosts: ['jack4'], tasks: 12, tasksOf: { jack4: 5 } },
        { type: 'host-connecting', host: 'jack4' },
      ],
      '* jack4  0/5  logging in',
    ],
    ['it is done', [{ type: 'host-done', host: 'jack4', roundTrips: 2, ms: 1 }], '+ jack4  0/12  done'],
  ])('%s', (_name, events, wanted) => {
    expect(picture([...start('jack4'), ...events])).toEqual([wanted]);
  });

  test('that shows how long the task has been running', () => {
    const events = [...start('jack4'), { type: 'host-connecting', host: 'jack4' } as const];
    expect(picture(events, undefined, 4_200)).toEqual(['* jack4  0/12  logging in  4.2 s']);
  });

  test('that is never longer than the terminal is wide', () => {
    const events = [...start('jack4'), done('日本 '.repeat(80), { status: 'changed' })];
    const [line = ''] = picture(events, { columns: 60, rows: 24 });
    expect(line).toMatch(/\.\.\. {2}1 changed$/);
    expect([...line].reduce((cells, char) => cells + (char > '\u2e80' ? 2 : 1), 0)).toBeLessThan(60);
  });

  test('that shows no part of a secret', () => {
    const secret = 'hunter22-and-more';
    const events = [...start('jack4'), done(`${'x'.repeat(30)} ${secret}`, { status: 'changed' })];
    for (let columns = 30; columns < 100; columns += 1) {
      expect(picture(events, { columns, rows: 24 }, 0, secret).join('')).not.toContain('hun');
    }
  });
});

test('many hosts: those with a running task are shown, and the others are counted', () => {
  const hosts = Array.from({ length: 40 }, (_, n) => `host${n + 1}`);
  const events: Event[] = [
    ...start(...hosts),
    ...hosts.slice(0, 30).map((host) => ({ type: 'host-done' as const, host, roundTrips: 2, ms: 1 })),
    { type: 'host-connecting', host: 'host40' },
  ];
  const lines = picture(events, { columns: 80, rows: 10 }, 1_500);
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe('* host40  0/12  logging in  1.5 s');
  expect(lines[1]).toBe('. host31  waiting');
  expect(lines.at(-1)).toBe('  30 of 40 hosts done, 33 not shown, 1.5 s');
});

test('a whole run can be drawn at any moment', () => {
  const events = sampleRun();
  for (let n = 1; n <= events.length; n += 1) expect(picture(events.slice(0, n)).length).toBeLessThan(6);
});
