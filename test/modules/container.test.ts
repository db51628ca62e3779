import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Answers, Decision, Reads } from '../../src/core/module.ts';
import { container } from '../../src/modules/container.ts';
import type { Container } from '../../src/probes/container.ts';
import { container as ask, containerProbe } from '../../src/probes/container.ts';
import { inputOf } from './on-this-machine.ts';

const run = {
  pid: 10, startedAt: '2026-01-01T00:00:00.1Z', finishedAt: '0001-01-01T00:00:00Z', upFor: 9, restarts: 0, exitCode: 0,
  oomKilled: false, error: '', health: 'none' as const, failingStreak: 0,
}; // biome-ignore format: a table
const running: Container = {
  name: 'bot', id: 'a1', image: 'bot:1', imageId: 'sha256:1', status: 'running', restartPolicy: 'no', checked: false,
  mounts: [], labels: {}, run,
}; // biome-ignore format: a table
const stopped: Container = { ...running, status: 'exited', run: { ...run, pid: 0, upFor: 0, exitCode: 137 } };
const again: Container = { ...running, run: { ...run, startedAt: '2026-01-01T00:01:00.1Z' } };
const ill: Container = { ...running, checked: true, run: { ...run, health: 'unhealthy', failingStreak: 3 } };

function plan(args: JsonObject, there?: Container, before?: Container | 'none'): Decision {
  const answers = (one: Container | undefined) => ({ container: one }) as Answers<Reads>;
  const earlier = before === undefined ? undefined : answers(before === 'none' ? undefined : before);
  return container.plan({ name: 'bot', ...args }, answers(there), inputOf(), earlier);
}

describe('container', () => {
  const titles = (decision: Decision): readonly string[] =>
    decision.failed === undefined ? decision.changes.map(({ title }) => title) : [`failed: ${decision.failed}`];

  test.each<[JsonObject, Container | undefined, Container | 'none' | undefined, readonly string[]]>([
    [{ state: 'started' }, running, undefined, []],
    [{ state: 'started' }, stopped, undefined, ['start container bot']],
    [{ state: 'started' }, { ...running, status: 'paused' }, undefined, ['unpause container bot']],
    [
      { state: 'started' },
      { ...running, status: 'restarting' },
      undefined,
      ['restart container bot (it keeps ending)'],
    ],
    [{ state: 'started' }, undefined, undefined, ['failed: there is no container bot']],
    [{ state: 'stopped' }, undefined, undefined, []],
    [{ state: 'stopped' }, running, undefined, ['stop container bot']],
    [{ state: 'stopped' }, stopped, undefined, []],
    [{ state: 'restarted' }, running, undefined, ['restart container bot']],
    [{ state: 'restarted' }, running, running, ['restart container bot']],
    [{ state: 'restarted' }, again, running, []],
    [{ state: 'absent' }, stopped, undefined, ['remove container bot']],
    [{ state: 'absent' }, undefined, undefined, []],
    [
      { state: 'started', restart_policy: 'always' },
      stopped,
      undefined,
      ['restart policy no -> always', 'start container bot'],
    ],
    [{ signal: 'KILL' }, running, undefined, ['send SIGKILL to bot']],
    [{ signal: 'KILL' }, stopped, running, []],
    [{ signal: 'KILL' }, stopped, undefined, ['failed: bot does not run (exited)']],
    [{ running: true }, stopped, undefined, ['failed: bot is exited (exit code 137), not running']],
    [{ running: true }, undefined, undefined, ['failed: there is no container bot']],
    [{ running: false }, undefined, undefined, []],
    [{ healthy: true }, running, undefined, ['failed: bot has no health check']],
    [{ healthy: true }, stopped, undefined, ['failed: bot has no health: it is exited']],
    [{ healthy: true, running: true }, ill, undefined, ['failed: bot is unhealthy']],
    [{ healthy: false }, ill, undefined, []],
    [{ steady: 5 }, running, undefined, []],
    [{ steady: 10 }, running, undefined, ['failed: bot has run for 9 s, not 10']],
    [{ new_process: true }, running, running, ['failed: bot was not restarted']],
    [{ new_process: true }, again, running, []],
    [{ new_process: true }, running, 'none', []],
    [{ new_process: true }, running, undefined, []],
    [{ state: 'started', healthy: true }, { ...ill, status: 'exited' }, undefined, ['start container bot']],
  ])('%j of a container that is %j', (args, there, before, expected) => {
    expect(titles(plan(args, there, before))).toEqual(expected);
  });

  test('the result of a start is predicted, unless the container has a health check', () => {
    const question = ask('bot');
    const { run: _run, ...rest } = running;
    expect(plan({ state: 'started' }, stopped).changes[0]?.predicts).toEqual([
      { question, state: { kind: 'present', value: rest } },
    ]);
    expect(plan({ state: 'started' }, { ...ill, status: 'exited' }).changes[0]?.predicts).toEqual([]);
    const both = plan({ state: 'started', restart_policy: 'always' }, stopped).changes;
    expect(both.map((change) => change.predicts)).toEqual([
      undefined,
      [{ question, state: { kind: 'present', value: { ...rest, restartPolicy: 'always' } } }],
    ]);
  });
});

describe('the container probe reads', () => {
  const parse = (output: string, names: readonly string[]) =>
    [
      ...containerProbe
        .parse(
          { nonce: 'n', output: Buffer.from(output), code: 0 },
          names.map((name) => ({ id: name, params: { name } })),
        )
        .values(),
    ].map((state) => ('why' in state ? `${state.kind}: ${state.why}` : state.kind));

  test.each([
    ['Error response from daemon: No such container: a', ['absent']],
    ['Error: No such container: a', ['absent']],
    [
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      ["unavailable: Docker's engine does not answer: is docker.service running?"],
    ],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get',
      ['denied: this user may not speak to Docker'],
    ],
    ['docker is not installed on this host', ['unavailable: docker is not installed on this host']],
    [
      'Error response from daemon: context deadline exceeded',
      ['unavailable: Error response from daemon: context deadline exceeded'],
    ],
    ['something else', ['unavailable: something else']],
  ])('%s', (words, states) => {
    expect(parse(`\nn containers\n\nn errors\n${words}\n\nn now\n1\n`, ['a'])).toEqual(states);
  });

  test('a missing container has no effect on the answer for another one', () => {
    expect(parse('\nn containers\n\nn errors\nError: No such container: a\n\nn now\n1\n', ['a', 'b'])).toEqual([
      'absent',
    ]);
  });
});
