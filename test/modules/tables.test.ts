import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Answers, Decision, Module, Reads } from '../../src/core/module.ts';
import { assert } from '../../src/modules/assert.ts';
import { octalWord, symbolicMode } from '../../src/modules/files/mode.ts';
import { process as strays } from '../../src/modules/process.ts';
import { modules } from '../../src/modules/registry.ts';
import { systemd } from '../../src/modules/systemd.ts';
import { unit } from '../../src/modules/unit.ts';
import { uri } from '../../src/modules/uri.ts';
import type { HttpAnswer } from '../../src/probes/http.ts';
import type { Listener } from '../../src/probes/listener.ts';
import type { Unit } from '../../src/probes/unit.ts';
import { inputOf } from './on-this-machine.ts';

const run = {
  subState: 'running', mainPid: 10, invocationId: 'a', restarts: 0, result: 'success', exitStatus: 0, activeSince: '1',
  mainStarted: '1', activeFor: 9, controlGroup: '',
}; // biome-ignore format: a table
const active: Unit = {
  id: 'a.service', names: ['a.service'], loadState: 'loaded', activeState: 'active', unitFileState: 'enabled',
  fragmentPath: '/etc/systemd/system/a.service', dropInPaths: [], needDaemonReload: false, canReload: false, type: 'simple',
  remainAfterExit: false, restart: 'always', startLimitBurst: 5, run,
}; // biome-ignore format: a table
const failed: Unit = { ...active, activeState: 'failed', run: { ...run, mainPid: 0, result: 'start-limit-hit' } };
const later: Unit = { ...active, run: { ...run, mainPid: 11, invocationId: 'b', mainStarted: '2' } };

function plan(module: Module, args: JsonObject, answers: object, before?: object): Decision {
  return module.plan(args, answers as Answers<Reads>, inputOf(), before as Answers<Reads> | undefined);
}

describe('systemd', () => {
  const titles = (args: JsonObject, there?: Unit, before?: Unit): readonly string[] => {
    const decision = plan(
      systemd,
      { unit: 'a', scope: 'system', ...args },
      { unit: there },
      before && { unit: before },
    );
    return decision.failed === undefined ? decision.changes.map(({ title }) => title) : [`failed: ${decision.failed}`];
  };
  test.each<[JsonObject, Unit | undefined, readonly string[]]>([
    [{ state: 'started', enabled: true }, active, []],
    [{ state: 'started' }, { ...active, activeState: 'inactive' }, ['start a.service']],
    [
      { state: 'started' },
      { ...active, activeState: 'activating', run: { ...run, subState: 'auto-restart' } },
      ['start a.service (it was auto-restart)'],
    ],
    [{ state: 'started' }, failed, ['start a.service (it had failed: start-limit-hit)']],
    [{ state: 'started' }, undefined, ['failed: there is no unit a.service']],
    [{ state: 'stopped', enabled: false }, undefined, []],
    [{ state: 'stopped' }, failed, []],
    [{ state: 'stopped', enabled: false }, active, ['disable a.service', 'stop a.service (pid 10)']],
    [{ state: 'restarted' }, active, ['restart a.service']],
    [{ state: 'reloaded' }, active, ["failed: a.service can't be reloaded"]],
    [{ state: 'reloaded' }, { ...active, canReload: true }, ['reload a.service']],
    [{ state: 'started' }, { ...active, needDaemonReload: true }, ['reload the unit files of the system manager']],
    [
      { state: 'started', enabled: true },
      { ...active, loadState: 'error', unitFileState: '' },
      ['reload the unit files of the system manager', 'enable a.service'],
    ],
    [{ state: 'started', daemon_reload: false }, { ...active, needDaemonReload: true }, []],
    [{ daemon_reload: true }, active, []],
    [{ enabled: true }, { ...active, unitFileState: 'static' }, []],
    [
      { enabled: true, state: 'started' },
      { ...active, loadState: 'masked' },
      ["failed: a.service is masked, so it can't be started"],
    ],
    [
      { masked: false, enabled: true, state: 'started' },
      { ...active, loadState: 'masked', unitFileState: 'masked', activeState: 'inactive' },
      ['unmask a.service', 'enable a.service', 'start a.service'],
    ],
    [
      { masked: true, enabled: false, state: 'stopped' },
      { ...active, fragmentPath: '/usr/lib/systemd/system/a.service', unitFileState: 'enabled' },
      ['disable a.service', 'mask a.service', 'stop a.service (pid 10)'],
    ],
    [
      { enabled: true, state: 'started' },
      { ...active, unitFileState: 'enabled', missingLinks: ['timers.target.wants'] },
      ['enable a.service'],
    ],
    [
      { enabled: false },
      { ...active, unitFileState: 'enabled', missingLinks: ['timers.target.wants'] },
      ['disable a.service'],
    ],
    [{ signal: 'KILL' }, active, ['send SIGKILL to the main process of a.service']],
    [{ signal: 'KILL' }, failed, ['failed: a.service has no main process']],
  ])('%j', (args, there, expected) => {
    expect(titles(args, there)).toEqual(expected);
  });

  test('a restart is complete when the unit has a new process', () => {
    expect(titles({ state: 'restarted' }, active, active)).toEqual(['restart a.service']);
    expect(titles({ state: 'restarted' }, later, active)).toEqual([]);
    expect(titles({ state: 'restarted' }, { ...failed, run: { ...run, invocationId: 'b' } }, active)).not.toEqual([]);
  });

  test('a start touches its unit and the resources that it may serve, but no files', () => {
    const { changes } = plan(systemd, { unit: 'a', scope: 'user', state: 'restarted' }, { unit: active });
    expect(changes[0]?.touches).toEqual(['unit:user/a.service', 'ports', 'processes', 'http']);
  });
});

describe('unit', () => {
  test.each<[JsonObject, Unit | undefined, Unit | undefined, string | undefined]>([
    [{ active: true, enabled: true, steady: 5 }, active, undefined, undefined],
    [{ active: true, steady: 10 }, active, undefined, 'a.service has been active for 9 s, not 10'],
    [{ active: true }, failed, undefined, 'a.service is failed (start-limit-hit), not active'],
    [{ active: 'failed' }, failed, undefined, undefined],
    [{ active: true }, undefined, undefined, 'a.service is not there, is inactive, not active'],
    [{ new_process: true }, active, active, 'a.service has no new main process'],
    [{ new_process: true }, later, active, undefined],
    [{ new_process: true }, { ...active, run: { ...run, mainStarted: '2' } }, active, undefined],
  ])('%j', (args, there, before, expected) => {
    const decision = plan(unit, { unit: 'a', scope: 'system', ...args }, { unit: there }, before && { unit: before });
    expect(decision.failed).toBe(expected);
  });
});

describe('uri', () => {
  const answer = (more: Partial<HttpAnswer>): HttpAnswer => ({
    status: 200,
    body: Buffer.from('{"ok":true}'),
    truncated: false,
    ms: 3,
    ...more,
  });
  const args = { url: 'http://h/', method: 'GET', status_code: 200, return_content: false };
  test.each<[Partial<HttpAnswer>, JsonObject, object]>([
    [{}, {}, { result: { status: 200, json: { ok: true } } }],
    [{}, { return_content: true }, { result: { content: '{"ok":true}' } }],
    [{ status: 503 }, {}, { failed: 'http://h/: status 503, not 200', result: { status: 503 } }],
    [{ status: 404 }, { status_code: [200, 404] }, { result: { status: 404 } }],
    [
      { status: 0, error: 'connection refused' },
      {},
      { failed: 'http://h/: connection refused', result: { status: 0, msg: 'connection refused' } },
    ],
  ])('%j %j', (got, more, expected) => {
    const decision = plan(uri, { ...args, ...more }, { answer: answer(got) });
    expect(decision).toMatchObject(expected);
    expect('failed' in decision).toBe('failed' in expected);
  });
});

describe('process', () => {
  const listener: Listener = {
    pid: 10,
    started: '5',
    comm: 'node',
    args: ['node'],
    uid: 0,
    cgroup: '/x',
    unit: 'session-1.scope',
    scope: 'system',
    containerised: false,
  };
  const decide = (args: JsonObject, processes: readonly Listener[], more: object = {}): Decision => {
    const listening = processes.length === 0 ? undefined : { processes, addresses: [], sockets: ['1'], hidden: 0 };
    return plan(strays, { port: 80, scope: 'system', state: 'absent', grace: 1, ...args }, { listening, ...more });
  };
  const titles = (args: JsonObject, processes: readonly Listener[], more: object = {}): readonly string[] => {
    const decision = decide(args, processes, more);
    return decision.failed === undefined ? decision.changes.map(({ title }) => title) : [`failed: ${decision.failed}`];
  };
  test('a stray is stopped', () =>
    expect(titles({}, [listener])).toEqual(['stop node (pid 10), which listens on port 80']));
  test('the end of a process changes only the state of its own unit', () => {
    const { unit: _none, ...free } = listener;
    const touched = (one: Listener) => decide({}, [one]).changes.flatMap(({ touches }) => touches);
    expect(touched(free)).toEqual(['ports', 'processes', 'http']);
    expect(touched(listener)).toEqual(['ports', 'processes', 'http', 'unit:system/session-1.scope']);
  });
  test('without a listener there is no change', () => expect(titles({}, [])).toEqual([]));
  test("a container's process is left alone", () =>
    expect(titles({}, [{ ...listener, containerised: true }])).toEqual([]));
  test('process 1 is not stopped', () => expect(titles({}, [{ ...listener, pid: 1 }])).toEqual([]));
  test("any process of the unit is left alone, of the right manager's alone", () => {
    const own = { ...listener, unit: 'a.service' };
    expect(titles({ except_unit: 'a' }, [own])).toEqual([]);
    expect(titles({ except_unit: 'a', scope: 'user' }, [own])).not.toEqual([]);
  });
  test("another unit's main process is that unit's affair", () => {
    expect(titles({}, [{ ...listener, unit: 'b.service' }], { owner0: active })).toEqual([
      'failed: node (pid 10) on port 80 is the main process of b.service',
    ]);
  });
});

describe('assert', () => {
  const asserted = (holds: boolean, args: JsonObject = {}): Decision =>
    assert.plan({ that: [], ...args }, {}, inputOf({ conditions: [{ source: 'a > 1', holds }] }));
  test('passes', () => expect(asserted(true, { success_msg: 'fine' })).toEqual({ changes: [], message: 'fine' }));
  test('fails', () => {
    expect(asserted(false)).toMatchObject({ failed: 'assertion failed: a > 1' });
    expect(asserted(false, { fail_msg: 'too small' })).toMatchObject({
      failed: 'too small',
      result: { assertion: 'a > 1' },
    });
  });
});

describe('modes', () => {
  test('five digits, so that a directory loses its setgid bit', () => expect(octalWord('755')).toBe('00755'));
  test.each([
    ['0754', 'u=rwx,o=r,u-s,g-s,-t'],
    ['1600', 'u=rw,o=,u-s,g-s,+t'],
    ['6755', 'u=rwx,o=rx,u+s,g+s,-t'],
  ])('%s is %s', (mode, words) => {
    expect(symbolicMode(mode)).toBe(words);
  });
});

test('every module has a description, and an example that its schema names', () => {
  for (const [name, module] of modules) {
    expect(module.about, name).toMatch(/^[A-Z].*\.$/);
    expect(module.examples.length, name).toBeGreaterThan(0);
    const { properties, additionalProperties } = module.schema as { properties: object; additionalProperties: boolean };
    if (additionalProperties) continue;
    for (const { args } of module.examples) {
      if (typeof args === 'object')
        expect(Object.keys(properties), name).toEqual(expect.arrayContaining(Object.keys(args ?? {})));
    }
  }
});
