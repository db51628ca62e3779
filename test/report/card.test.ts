import { describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import { cardReporter } from '../../src/report/card.ts';
import type { Look } from '../../src/report/reporter.ts';
import { look } from './look.ts';
import { done } from './sample-run.ts';

const row = (host: string, name: string, status: 'ok' | 'failed' | 'skipped', stdout?: string): Event => ({
  ...done(name, { host, status, ...(stdout === undefined ? { message: 'why' } : { result: { stdout } as never }) }, {}),
  task: { ...done(name).task, phase: 'score' },
});

const events: readonly Event[] = [
  { type: 'run-start', playbook: 'site', check: false, hosts: ['jack4', 'jack5', 'ross'] },
  { type: 'host-unreachable', host: 'ross', error: new HealError('unreachable', 'gone', { hint: 'is it up?' }) },
  row('jack4', 'It restarts', 'ok', 'Restart=always\nmore'),
  row('jack4', 'Coach is told', 'failed', `no token ${'x'.repeat(100)}`),
  row('jack4', 'Not here', 'skipped'),
  row('jack5', 'It restarts', 'failed'),
  { type: 'host-done', host: 'jack4', roundTrips: 1, ms: 3 },
  { type: 'run-end', report: {}, roundTrips: 1, ms: 12.3 },
];

const warned: readonly Event[] = [
  ...events,
  { type: 'warning', host: 'jack4', message: 'the newest backup is 3 d old', hint: 'make one' },
];

async function told(
  output: 'text' | 'json',
  some: Partial<Look> = {},
  given = events,
  ...secrets: string[]
): Promise<string> {
  let text = '';
  const reporter = cardReporter(look(some, ...secrets), output, (more) => {
    text += more;
  });
  for (const event of given) reporter.emit(event);
  await reporter.close();
  return text;
}

describe('the score card', () => {
  test('shows for each host how many rows pass, and the evidence for each', async () => {
    expect(await told('text', { columns: 60 })).toBe(`jack4  1/2
  + It restarts    Restart=always
  x Coach is told  no token xxxxxxxxxxxxxxxxxxxxxxxxxxxx...

jack5  0/1
  x It restarts  why

ross  unreachable: gone
  hint: is it up?
`);
  });

  test('ends with the warnings of the hosts', async () => {
    expect(await told('text', {}, warned)).toMatch(
      /\n {2}hint: is it up\?\n\nwarning: jack4: the newest backup is 3 d old\nhint: make one\n$/,
    );
    expect(JSON.parse(await told('json', {}, warned)).warnings).toEqual([
      { host: 'jack4', message: 'the newest backup is 3 d old', hint: 'make one', at: null },
    ]);
  });

  test('shows complete evidence with -v', async () => {
    expect(await told('text', { columns: 60, verbose: 1 })).toContain(`no token ${'x'.repeat(100)}\n`);
  });

  test('is one document for programs, in which secrets are masked', async () => {
    const document = JSON.parse(await told('json', {}, events, 'always'));
    expect(document).toMatchObject({ format: 1, complete: true, ms: 12 });
    expect(document.hosts.jack4).toEqual({
      score: 1,
      of: 2,
      rows: [
        { role: 'jack-service', row: 'It restarts', holds: true, evidence: 'Restart=***' },
        { role: 'jack-service', row: 'Coach is told', holds: false, evidence: expect.stringMatching(/^no token x+$/) },
      ],
      roundTrips: 1,
      error: null,
    });
    expect(document.hosts.ross).toMatchObject({ of: 0, error: { kind: 'unreachable', message: 'gone' } });
  });

  test('shows nothing of an incomplete answer', async () => {
    const half = events.slice(0, 3);
    expect(await told('text', {}, half)).toBe('');
    expect(JSON.parse(await told('json', {}, half))).toMatchObject({ complete: false });
  });
});
