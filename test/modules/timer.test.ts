import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision } from '../../src/core/module.ts';
import { serviceText, type TimerArgs, timerText } from '../../src/modules/systemd/timer-text.ts';
import { timer } from '../../src/modules/timer.ts';
import type { Unit } from '../../src/probes/unit.ts';
import { inputOf } from './on-this-machine.ts';

const base: TimerArgs = { name: 'app-x', persistent: false };

describe('the units', () => {
  const body = (text: string): string[] =>
    text.split('\n').filter((line) => !/^(#|\[|$|Description=|Type=oneshot|WantedBy=)/.test(line));

  test.each<[Partial<TimerArgs>, readonly string[]]>([
    [{ on_calendar: 'daily', persistent: true }, ['OnCalendar=daily', 'Persistent=true']],
    [{ on_calendar: ['Mon 04:00', '*:0/5'] }, ['OnCalendar=Mon 04:00', 'OnCalendar=*:0/5']],
    [{ on_unit_active: '30s', accuracy: '1s' }, ['OnActiveSec=30s', 'OnUnitActiveSec=30s', 'AccuracySec=1s']],
    [{ on_boot: '2min', on_unit_active: '30s' }, ['OnBootSec=2min', 'OnUnitActiveSec=30s']],
    [{ on_boot: '2min', randomized_delay: '5min' }, ['OnBootSec=2min', 'RandomizedDelaySec=5min']],
  ])('timer of %j', (args, expected) => {
    expect(body(timerText({ ...base, ...args }))).toEqual(expected);
    expect(timerText({ ...base, ...args })).toMatch(/\[Install\]\nWantedBy=timers\.target\n$/);
  });

  test.each<[Partial<TimerArgs>, readonly string[]]>([
    [{ command: '/bin/x --a=b c' }, ['ExecStart=/bin/x --a=b c']],
    [{ command: `/bin/x 'a b' "$HOME" 50%` }, ['ExecStart=/bin/x "a b" "$$HOME" 50%%']],
    [{ script: 'a "b"\nc \\n $d' }, ['ExecStart=/bin/sh -c "a \\"b\\"\\nc \\\\n $$d"']],
    [
      { command: '/bin/x', user: 'app', working_directory: '/srv/50%', environment: { A: 'b c', D: '$e%"' }, timeout: '5min', after: ['docker.service'] },
      ['After=docker.service', 'User=app', 'WorkingDirectory=/srv/50%%', 'Environment="A=b c"', 'Environment="D=$e%%\\""', 'TimeoutStartSec=5min', 'ExecStart=/bin/x'],
    ],
  ])('service of %j', (args, expected) => {
    expect(body(serviceText({ ...base, ...args }))).toEqual(expected);
  }); // biome-ignore format: a table
});

describe('timer', () => {
  const given = (args: JsonObject): JsonObject => ({
    name: 'app-x', command: '/bin/x', on_calendar: 'daily', persistent: false, enabled: true, started: true,
    state: 'present', ...args,
  }); // biome-ignore format: a table
  const active: Unit = {
    id: 'app-x.timer', names: ['app-x.timer'], loadState: 'loaded', activeState: 'active', unitFileState: 'enabled',
    fragmentPath: '', dropInPaths: [], needDaemonReload: false, canReload: false, type: '', remainAfterExit: false,
    restart: '', startLimitBurst: 5,
  }; // biome-ignore format: a table
  const root = { owner: { uid: 0, name: 'root' }, group: { gid: 0, name: 'root' } };
  const directory = { ...root, parent: { type: 'directory', mode: '0755', uid: 0, gid: 0 } };
  const plan = (args: JsonObject, answers: object): Decision =>
    timer.plan(given(args), { ...directory, ...answers } as never, inputOf());
  const titles = (args: JsonObject, answers: object): readonly string[] => {
    const { failed, changes } = plan(args, answers);
    return failed === undefined ? changes.map(({ title }) => title.replace(/ \(\d+ bytes\)/, '')) : [failed];
  };
  const all = [
    'create /etc/systemd/system/app-x.service',
    'create /etc/systemd/system/app-x.timer',
    'reload the unit files of the system manager',
  ];

  test.each<[JsonObject, object, readonly string[]]>([
    [{}, {}, [...all, 'enable app-x.timer', 'start app-x.timer']],
    [{ started: false, enabled: false }, {}, all],
    [{}, { timer: active }, all],
    [{ enabled: false, started: false }, { timer: active }, [...all, 'disable app-x.timer', 'stop app-x.timer']],
    [{}, { timer: { ...active, loadState: 'masked' } }, ['app-x.timer is masked']],
    [{}, { parent: undefined }, ['systemd does not run on this host']],
    [{ state: 'absent' }, {}, []],
    [
      { state: 'absent' },
      { timer: active, timer0: { type: 'file' }, service0: { type: 'file' } },
      [
        'stop app-x.timer', 'disable app-x.timer', 'remove /etc/systemd/system/app-x.timer',
        'remove /etc/systemd/system/app-x.service', 'reload the unit files of the system manager',
      ],
    ],
  ])('%j %j', (args, answers, expected) => {
    expect(titles(args, answers)).toEqual(expected);
  }); // biome-ignore format: a table

  test('the later state of a timer is predicted, also of a new one', () => {
    const kinds = (answers: object) =>
      plan({}, answers)
        .changes.slice(2)
        .map(({ predicts }) => predicts?.length);
    expect(kinds({ timer: { ...active, unitFileState: 'disabled' } })).toEqual([1, 1]);
    expect(kinds({})).toEqual([1, 1, 1]);
  });

  test.each<[JsonObject, string | undefined]>([
    [{}, undefined],
    [{ script: 'x' }, 'timer needs either command or script'],
    [{ on_calendar: [] }, 'timer needs a time: on_calendar, on_boot or on_unit_active'],
    [{ state: 'absent', on_calendar: [] }, undefined],
  ])('%j: %s', (args, message) => {
    expect(timer.misuse?.(given(args))?.message).toBe(message);
  });
});
