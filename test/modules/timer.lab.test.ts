import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { timer } from '../../src/modules/timer.ts';
import { runsAllCases } from '../all-cases.ts';
import { describeLab } from '../lab/lab-suite.ts';
import { labShell } from './lab-shell.ts';
import { type Converged, converge, type Shell } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

describeLab('timer on a real host', { hosts: ['bare'] }, (lab) => {
  let shell: Shell = { name: '', sh: '', path: '' };
  const exec = (text: string) => lab().host('bare').exec(text);
  const run = (args: JsonObject): Converged =>
    converge(shell, timer, { persistent: false, enabled: true, started: true, state: 'present', ...args });
  const words = (done: Converged) => titles(done).map((title) => title.replace(/ \(.*\)$/, ''));
  const tick = {
    name: 'app-tick',
    script: `printf '%s|' "50% $ONE" "$(id -un)" 'a\\n' >/run/tick/out\necho >>/run/tick/out`,
    environment: { ONE: 'a "b" $c %d' },
    user: 'daemon',
    on_unit_active: '2s',
    accuracy: '100ms',
  };

  beforeAll(async () => {
    shell = labShell(lab().host('bare'));
    await exec('mkdir -p /run/tick && chmod 777 /run/tick');
  });

  test('it is placed, enabled, running, and runs what it is told, to the letter', async () => {
    expect(words(proven(run(tick)))).toEqual([
      'create /etc/systemd/system/app-tick.service',
      'create /etc/systemd/system/app-tick.timer',
      'reload the unit files of the system manager',
      'enable app-tick.timer',
      'start app-tick.timer',
    ]);
    await exec(
      'for i in $(seq 80); do [ -s /run/tick/out ] && exit; sleep 0.1; done; systemctl status app-tick; exit 1',
    );
    expect(await exec('cat /run/tick/out')).toBe('50% a "b" $c %d|daemon|a\\n|\n');
    expect(titles(run(tick))).toEqual([]);
    expect(await exec('systemd-analyze verify /etc/systemd/system/app-tick.timer 2>&1')).toBe('');
  });

  test('another time is in force at once, without a restart', async () => {
    const id = await exec('systemctl show -p InvocationID app-tick.timer');
    const done = proven(run({ ...tick, on_unit_active: '1h' }));
    expect(words(done)).toEqual([
      'update /etc/systemd/system/app-tick.timer',
      'reload the unit files of the system manager',
    ]);
    expect(await exec('systemctl show -p TimersMonotonic app-tick.timer')).toContain('OnUnitActiveUSec=1h');
    expect(await exec('systemctl show -p InvocationID app-tick.timer')).toBe(id);
    // What it would have done at the old time, it does no more.
    await exec('sleep 1; rm -f /run/tick/out; sleep 3; [ ! -e /run/tick/out ]');
  });

  test('a time that systemd can not read never stands in a file', async () => {
    const done = run({ name: 'app-bad', command: '/bin/true', on_calendar: 'every other week' });
    expect(done.applied.at(-1)).toMatchObject({ code: 1, stderr: expect.stringContaining('Failed to parse calendar') });
    await exec('[ ! -e /etc/systemd/system/app-bad.timer ]');
    proven(run({ name: 'app-bad', command: '/bin/true', on_calendar: ['Mon 04:00', 'daily'], persistent: true }));
  });

  if (runsAllCases)
    test('what was stopped and edited by hand is mended', async () => {
      await exec('systemctl disable --now -q app-bad.timer; echo "# mine" >>/etc/systemd/system/app-bad.service');
      const args = { name: 'app-bad', command: '/bin/true', on_calendar: ['Mon 04:00', 'daily'], persistent: true };
      expect(words(proven(run(args)))).toEqual([
        'update /etc/systemd/system/app-bad.service',
        'reload the unit files of the system manager',
        'enable app-bad.timer',
        'start app-bad.timer',
      ]);
      proven(run({ ...args, enabled: false, started: false }));
    });

  test('absent', async () => {
    proven(run({ name: 'app-tick', state: 'absent' }));
    expect(
      await exec(
        'systemctl list-unit-files "app-tick*" --no-legend; ls /etc/systemd/system/app-tick* 2>/dev/null || true',
      ),
    ).toBe('');
    expect(titles(run({ name: 'app-tick', state: 'absent' }))).toEqual([]);
    expect(titles(run({ name: 'never-there', state: 'absent' }))).toEqual([]);
  });
});
