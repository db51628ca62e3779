import { expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { jsonReporter } from '../../src/report/json.ts';
import { look } from './look.ts';
import { done, sampleRun } from './sample-run.ts';

async function documentOf(events: readonly Event[], ...secrets: string[]) {
  let text = '';
  const reporter = jsonReporter(look({}, ...secrets).clean, true, (more) => {
    text += more;
  });
  for (const event of events) reporter.emit(event);
  await reporter.close();
  return { text, value: JSON.parse(text) };
}

test('one document reports the whole run', async () => {
  const { value } = await documentOf(sampleRun());
  expect(Object.keys(value)).toEqual([
    'format',
    'playbook',
    'check',
    'complete',
    'ms',
    'roundTrips',
    'hosts',
    'tasks',
    'verify',
    'drills',
    'warnings',
  ]);
  expect(value).toMatchObject({ format: 1, playbook: 'site', check: false, complete: true, ms: 2430, roundTrips: 7 });
  expect(value.hosts.jack4).toEqual({
    ok: 4,
    changed: 3,
    unreachable: 0,
    failed: 0,
    skipped: 1,
    rescued: 0,
    ignored: 0,
    unknown: 0,
    roundTrips: 4,
    ms: 1900,
    error: null,
  });
  expect(value.hosts.ross.error).toEqual({
    kind: 'unreachable',
    message: 'connect ECONNREFUSED 203.0.113.6:22',
    hint: 'is sshd running, and is the port right?',
    at: 'inventory/hosts.yml:7:9',
  });
  expect(value.verify).toHaveLength(1);
  expect(value.warnings).toEqual([
    { host: 'jack4', message: 'the disk is 84% full', hint: 'run the backup playbook', at: null },
  ]);
  expect(value.tasks[0].changes[1].diff).toContain('-Restart=no\n');
});

test('every task has the same keys', async () => {
  const { value } = await documentOf(sampleRun());
  const keys =
    'host delegate phase role name item module id at status ignored changes message hint code stdout stderr result ms';
  for (const row of [...value.tasks, ...value.verify]) expect(Object.keys(row)).toEqual(keys.split(' '));
});

test('an interrupted run gives a document that reports the interruption', async () => {
  const { value } = await documentOf(sampleRun().slice(0, 8));
  expect(value).toMatchObject({ complete: false, hosts: {} });
});

test('a secret keeps the document valid, and is masked', async () => {
  const secret = '"format"';
  const { text, value } = await documentOf(
    [done('x', { status: 'failed', message: `a ${secret} b`, result: { pin: 4711, list: [secret], [secret]: 1 } })],
    secret,
    '4711',
    'host',
  );
  expect(text).not.toContain('4711');
  expect(value.format).toBe(1);
  expect(value.tasks[0].host).toBe('jack4');
  expect(value.tasks[0].message).toBe('a *** b');
  expect(value.tasks[0].result).toEqual({ pin: '***', list: ['***'], '***': 1 });
});
