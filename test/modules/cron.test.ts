import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision } from '../../src/core/module.ts';
import { type CronJob, cronFile, withEntry } from '../../src/modules/cron/cron-text.ts';
import { cron } from '../../src/modules/cron.ts';
import { factsHere, inputOf } from './on-this-machine.ts';

const defaults = {
  name: 'a', job: '/bin/x', minute: '*', hour: '*', day: '*', month: '*', weekday: '*', disabled: false,
} as const; // biome-ignore format: a table
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

describe('the text of a file in /etc/cron.d', () => {
  test.each<[Partial<CronJob>, readonly string[]]>([
    [{ schedule: '*/10 * * * *' }, [path, '*/10 * * * * root /bin/x']],
    [{ special_time: 'daily', user: 'app' }, [path, '@daily app /bin/x']],
    [{ minute: 0, hour: '5,2' }, [path, '0 5,2 * * * root /bin/x']],
    [{ job: '/bin/x\n' }, [path, '* * * * * root /bin/x']],
    [{ disabled: true }, [path, '#* * * * * root /bin/x']],
    [{ env: { PATH: '/bin', MAILTO: '' } }, ['PATH=/bin', 'MAILTO=""', '* * * * * root /bin/x']],
    [{ env: { A: ' x ', B: '"y" ' } }, [path, 'A=" x "', `B='"y" '`, '* * * * * root /bin/x']],
  ])('%j', (args, expected) => {
    const [first, ...rest] = cronFile({ ...defaults, ...args }).split('\n');
    expect(first).toMatch(/^# Kept by heal/);
    expect(rest).toEqual([...expected, '']);
  });
});

describe('an entry of a crontab', () => {
  const mine = '#Ansible: a\n* * * * * /bin/x\n';
  test.each<[string, boolean, string]>([
    ['', true, mine],
    ['MAILTO=me\n1 * * * * y\n', true, `MAILTO=me\n1 * * * * y\n${mine}`],
    ['#Ansible: a\n1 2 3 4 5 old\n6 * * * * other\n', true, `${mine}6 * * * * other\n`],
    [`${mine}#Ansible: b\n* * * * * b\n${mine}`, true, `${mine}#Ansible: b\n* * * * * b\n`],
    [mine, true, mine],
    [`# a comment\n\n${mine}1 * * * * y`, false, '# a comment\n\n1 * * * * y\n'],
    [mine, false, ''],
    ['1 * * * * y\n', false, '1 * * * * y\n'],
  ])('%j', (before, present, after) => {
    expect(withEntry(before, defaults, present)).toBe(after);
    expect(withEntry(after, defaults, present)).toBe(after);
    expect(withEntry(before, { ...defaults, job: '/bin/x\n' }, present)).toBe(after);
  });
});

test.each<[JsonObject, string]>([
  [{ name: 'a.b' }, 'cron would not read a file called "a.b"'],
  [{ name: 'check dirs' }, 'cron would not read a file called "check dirs"'],
  [{ job: undefined as never }, 'cron needs a job'],
  [{ crontab: true, env: { A: 'b' } }, 'env is for a file in /etc/cron.d'],
])('%j is refused', (args, failed) => {
  expect(cron.misuse?.(given(args))?.message).toBe(failed);
});

test('an entry of a crontab is predicted, and touches only crontabs', () => {
  const { changes } = plan({ name: 'check dirs', crontab: true, user: 'app' }, { crontab: { text: 'A=b\n' } });
  expect(changes).toMatchObject([
    {
      title: 'put "check dirs" in the crontab of app',
      sign: '+',
      predicts: [{ state: { value: { text: 'A=b\n#Ansible: check dirs\n* * * * * /bin/x\n' } } }],
      touches: ['crontab:app', 'tree:/var/spool/cron'],
    },
  ]);
  expect(plan({ crontab: true, state: 'absent' }, {})).toEqual({ changes: [] });
});

function plan(args: JsonObject, answers: object): Decision {
  return cron.plan(given(args), answers as never, inputOf({ facts: { ...factsHere, user: 'root' } }));
}

function given(args: JsonObject): JsonObject {
  return { ...defaults, crontab: false, state: 'present', ...args };
}
