import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import type { Host, Play, Task } from '../../src/core/playbook.ts';
import { defineModule } from '../../src/modules/definition/define.ts';
import { runPlaybook } from '../../src/run/run.ts';
import { sh } from '../../src/shell/sh.ts';
import { connectHere } from '../../src/ssh/here.ts';
import { localConnection } from './local-connection.ts';
import { constant, madeHost, madePlay, madeTask, variables } from './made.ts';

/** Fails on the hosts that it names. */
const failOn = defineModule({
  name: 'fail-on',
  about: 'Fails.',
  args: {
    properties: { hosts: { type: 'array', items: { type: 'string' } }, me: { type: 'string' } },
    required: ['hosts', 'me'],
  },
  examples: [],
  reads: () => ({}),
  plan: ({ hosts, me }) => [
    {
      title: `on ${me}`,
      sign: '~',
      act: { kind: 'program', free: true, script: sh`exit ${hosts.includes(me) ? 1 : 0}` },
      proven: false,
    },
  ],
});

const modules: ReadonlyMap<string, Module> = new Map([['fail-on', failOn]]);

function task(name: string, hosts: readonly string[], more: Partial<Task> = {}): Task {
  const at = { file: 'made.yml', line: 1, column: 1 };
  return {
    ...madeTask('fail-on', {}, { name: constant(name), ...more }),
    id: `made.yml#${name}`,
    args: {
      at,
      inputs: [],
      evaluate: (values) => {
        const me = values.lookup('me');
        return { kind: 'value', value: { hosts, me: me?.kind === 'value' ? String(me.value) : '' } };
      },
    },
  };
}

async function run(count: number, play: Partial<Play>, tasks: readonly Task[]) {
  const hosts: Host[] = Array.from({ length: count }, (_, n) => ({ ...madeHost, name: `h${n + 1}` }));
  const events: Event[] = [];
  const report = await runPlaybook({
    playbook: {
      name: 'made',
      plays: [
        madePlay(tasks, {
          ...play,
          variables: (host, _task, known) => variables({ ...known.values, me: { kind: 'value', value: host.name } }),
        }),
      ],
      secrets: [],
    },
    hostsOf: () => hosts,
    loginOf: () => ({}) as never,
    connect: (_login, first, onFrame) => localConnection(undefined, first, onFrame),
    connectHere,
    modules,
    forks: 25,
    mode: 'run',
    selected: () => true,
    check: false,
    deep: false,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    now: () => performance.now(),
    project: {
      name: 'made',
      checkArgs: async (_instance, args) => args as JsonObject,
      checkLocal: async () => undefined,
      load: () => Promise.reject(new Error('no local files here')),
    },
  });
  const ran = events.flatMap((event) =>
    event.type === 'task-done' ? [`${event.host} ${event.task.name} ${event.status}`] : [],
  );
  return { report, ran };
}

const ranOn = (ran: readonly string[], name: string): string[] =>
  ran
    .filter((line) => line.includes(` ${name} `))
    .map((line) => line.split(' ')[0] ?? '')
    .sort();

describe('batches', () => {
  it('go on while no more hosts fail than max_fail_percentage allows', async () => {
    const { ran } = await run(6, { serial: [2], maxFailPercentage: 50 }, [task('a', ['h1'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
  });

  it('stop where more fail', async () => {
    const { ran, report } = await run(6, { serial: [2], maxFailPercentage: 49 }, [task('a', ['h3'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2', 'h3', 'h4']);
    expect(report['h5']).toMatchObject({ ok: 0, failed: 0 });
  });

  it('stop where no host of a batch is left', async () => {
    const { ran } = await run(4, { serial: [2] }, [task('a', ['h1', 'h2'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2']);
  });

  it('end on all hosts at the first failure by any_errors_fatal', async () => {
    const { ran } = await run(4, { serial: [1], anyErrorsFatal: true }, [task('a', ['h2']), task('b', [])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2']);
    expect(ranOn(ran, 'b')).toEqual(['h1']);
  });
});

describe('a loop', () => {
  it('does the other items though one fails, and fails then', async () => {
    const loop = constant(['x', 'y', 'z']);
    const { ran, report } = await run(1, {}, [task('a', ['h1'], { loop }), task('b', [])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h1', 'h1']);
    expect(ranOn(ran, 'b')).toEqual([]);
    expect(report['h1']).toMatchObject({ ok: 0, failed: 1 });
  });

  it('over nothing is skipped', async () => {
    const { ran } = await run(1, {}, [task('a', [], { loop: constant([]) }), task('b', [])]);
    expect(ran).toEqual(['h1 a skipped', 'h1 b changed']);
  });
});

describe('run_once', () => {
  it('does a task on one host for all of its batch, and all know the result', async () => {
    const { ran, report } = await run(3, {}, [task('a', [], { runOnce: true, register: 'r' }), task('b', [])]);
    expect(ranOn(ran, 'a')).toHaveLength(1);
    expect(ranOn(ran, 'b')).toEqual(['h1', 'h2', 'h3']);
    expect(Object.values(report).map((counts) => counts.failed)).toEqual([0, 0, 0]);
  });

  it('fails on all of them where it fails', async () => {
    const { ran } = await run(3, {}, [task('a', ['h1', 'h2', 'h3'], { runOnce: true }), task('b', [])]);
    expect(ranOn(ran, 'a')).toHaveLength(1);
    expect(ranOn(ran, 'b')).toEqual([]);
  });
});
