import { describe, expect, test } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import { plainReporter } from '../../src/report/plain.ts';
import type { Look } from '../../src/report/reporter.ts';
import { look } from './look.ts';
import { counts, done, sampleRun } from './sample-run.ts';

function told(events: readonly Event[], some: Partial<Look> = {}, ...secrets: string[]): string {
  let text = '';
  const reporter = plainReporter(look(some, ...secrets), (more) => {
    text += more;
  });
  for (const event of events) reporter.emit(event);
  return text;
}

describe('a run is reported in lines', () => {
  test('changes and failures are reported with details; tasks that were ok are summarized', () => {
    expect(told(sampleRun(), { diff: true })).toBe(`PLAY [Every VPS heals itself]  3 hosts, 3 tasks

ross  | unreachable | connect ECONNREFUSED 203.0.113.6:22
      --> inventory/hosts.yml:7:9
       |
     7 |         ross: { address: 203.0.113.6 }
       |         ^
    hint: is sshd running, and is the port right?
jack4 | changed   | jack-service : The unit is in place | 2 changes
    ~ mode 0600 -> 0644
    ~ /etc/systemd/system/openclaw-jack.service
      --- /etc/systemd/system/openclaw-jack.service
      +++ /etc/systemd/system/openclaw-jack.service
      @@ -1,3 +1,3 @@
       [Service]
      -Restart=no
      -User=root
      +Restart=always
      +User=root
      \\ No newline at end of file
jack5 | failed    | jack-service : Jack runs now and at every boot
    roles/jack-service/tasks/main.yml:4:3  (systemd)
    wanted openclaw-jack.service active
    found it failed
    ~ start openclaw-jack.service
    exit code 1
    stderr:
      Job failed.
      See "systemctl status".
    hint: see journalctl -u openclaw-jack.service
jack4 | changed   | handler jack-service : restart Jack | ~ restart openclaw-jack.service
jack4 | changed (unproven) | jack-service : Something free (item=a) | ~ run true
warning: jack4: the disk is 84% full
hint: run the backup playbook
jack4 | done      | 1 check passes

PLAY RECAP ********************************************************************
jack4                : ok=4    changed=3    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
jack5                : ok=1    changed=0    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0
ross                 : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0

3 hosts in 2.4 s, 7 round trips
`);
  });

  test('a plan uses the future tense and ends with a summary of the changes', () => {
    const text = told(sampleRun(true));
    expect(text).toContain('jack4 | to change | jack-service : The unit is in place | 2 changes\n');
    expect(text).toContain('ignored=0    unknown=2\n');
    expect(text).toContain(
      [
        'plan: jack4: 3 to change, 2 unknown until these are applied',
        'plan: jack5: 1 failed',
        'plan: ross: not known, the host was unreachable',
      ].join('\n'),
    );
  });

  test('-v reports what was ok or skipped and why', () => {
    const text = told(sampleRun(), { verbose: 1 });
    expect(text).toContain('jack4 | skipped   | jack-service : The flags are gone | when: jack_scope == "user"\n');
    expect(text).toContain('jack4 | ok        | verify jack-service : Jack answers\n');
    expect(text).toContain('jack4 | done      | 1 check passes, 4 round trips, 1.9 s\n');
  });
});

describe('one event', () => {
  const heal = { name: 'Jack is a new process', withinMs: 10_000 };
  test.each<[string, Event, Partial<Look>, string]>([
    ['an ok task is silent', done('x'), {}, ''],
    ['a check that holds is silent in a run', done('x', {}, { phase: 'verify' }), {}, ''],
    [
      'a check that holds is told by heal verify',
      done('Jack answers', {}, { phase: 'verify' }),
      { checks: true },
      'jack4 | ok        | verify jack-service : Jack answers\n',
    ],
    [
      'a failure that is ignored is told as such',
      done('x', { status: 'failed', ignored: true, message: 'exit code 1' }),
      {},
      'jack4 | ignored   | jack-service : x\n    roles/jack-service/tasks/main.yml:4:3  (template)\n    exit code 1\n',
    ],
    [
      'what a plan cannot know is told with why',
      done('x', { status: 'unknown', message: 'it waits for "answer"' }),
      {},
      'jack4 | unknown   | jack-service : x | it waits for "answer"\n',
    ],
    [
      'no_log hides all but the name',
      done('x', {
        status: 'failed',
        noLog: true,
        message: 'secret',
        hint: 'secret',
        output: { stdout: 'secret', stderr: 'secret' },
        changes: [{ sign: '+', title: 'secret', proven: true }],
      }),
      { verbose: 2, diff: true },
      'jack4 | failed    | jack-service : x | hidden by no_log\n    roles/jack-service/tasks/main.yml:4:3  (template)\n',
    ],
    [
      'a drill that healed',
      {
        type: 'drill-done',
        host: 'jack4',
        drill: 'Jack is killed',
        role: 'jack-service',
        status: 'healed',
        heals: [
          { ...heal, afterMs: 5_210 },
          { name: 'Jack answers', withinMs: 60_000, afterMs: 6_100 },
        ],
      },
      {},
      `jack4 | healed    | drill jack-service : Jack is killed
    + Jack is a new process  after 5.2 s (within 10.0 s)
    + Jack answers           after 6.1 s (within 1 min)
`,
    ],
    [
      'a drill that did not heal',
      {
        type: 'drill-done',
        host: 'jack4',
        drill: 'Jack is killed',
        status: 'failed',
        heals: [heal],
        message: 'not in time',
      },
      {},
      'jack4 | failed    | drill Jack is killed | not in time\n    x Jack is a new process  never (within 10.0 s)\n',
    ],
    [
      'a refused host',
      {
        type: 'host-refused',
        host: 'jack4',
        error: new HealError('failed', 'stat -c is missing', { hint: 'install coreutils' }),
      },
      {},
      'jack4 | refused   | stat -c is missing\n    hint: install coreutils\n',
    ],
    [
      'a warning with its place',
      { type: 'warning', message: 'no such tag', at: { file: 'tasks/site.yml', line: 2, column: 1 } },
      {},
      'warning: no such tag\n  --> tasks/site.yml:2:1\n',
    ],
  ])('%s', (_name, event, some, wanted) => {
    expect(
      told([event], some)
        .replace(/^ +\|/gm, ' |')
        .replace(/^jack4 +\|/gm, 'jack4 |'),
    ).toBe(wanted);
  });

  test('the output of a host cannot imitate a line of heal', () => {
    const text = told([
      done('x', {
        status: 'failed',
        message: 'a\x1b[2K\rjack4 | ok | all is well',
        output: { stderr: '\nPLAY RECAP ***\n\x1b[1A' },
      }),
    ]);
    expect(text).not.toContain('\x1b');
    for (const line of text.trimEnd().split('\n').slice(1)) expect(line).toMatch(/^( {4}|$)/);
  });

  test('a secret is never shown in any event', () => {
    const secret = 'hunter22';
    const text = told(
      [
        done(secret, {
          status: 'failed',
          message: secret,
          hint: secret,
          output: { code: 1, stdout: secret, stderr: `a ${secret}` },
          result: { stdout: secret },
          changes: [{ sign: '+', title: secret, proven: true, diff: { before: '', after: secret } }],
        }),
        { type: 'warning', host: secret, message: secret, hint: secret },
      ],
      { verbose: 3, diff: true },
      secret,
    );
    expect(text).not.toContain(secret);
    expect(text).toContain('***');
  });

  test('only the end of long output is shown, with the size of the omitted part', () => {
    const stdout = Array.from({ length: 100 }, (_, n) => `line ${n}`).join('\n');
    const text = told([done('x', { status: 'failed', output: { stdout } })]);
    expect(text).toContain('(60 lines before; -v shows all)\n      line 60\n');
    expect(text).not.toContain('line 59');
  });

  test('the last line has the round trips of the run', () => {
    const text = told([{ type: 'run-end', report: { jack4: counts({ ok: 1 }) }, roundTrips: 5, ms: 10 }]);
    expect(text).toMatch(/1 host in 10 ms, 5 round trips\n$/);
  });
});
