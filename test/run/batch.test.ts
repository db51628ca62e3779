import { describe, expect, it } from 'vitest';
import type { Connect } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import type { Evaluated, Host, Play, Task, Template, Variables } from '../../src/core/playbook.ts';
import { question } from '../../src/core/probe.ts';
import { present } from '../../src/core/state.ts';
import { defineModule } from '../../src/modules/definition/define.ts';
import { defineProbe } from '../../src/probes/define.ts';
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

/** A tool that prints on h2 what the probe does not expect. */
const oddTool = defineProbe<{ readonly me: string }, string>({
  name: 'odd-tool',
  about: 'What a tool prints.',
  cost: 1,
  deadline: 10,
  key: ({ me }) => me,
  scopes: () => ['everything'],
  ask: () => sh`echo said`,
  parse: (_reply, items) =>
    new Map(
      items.map(({ id, params }) => {
        if (params.me === 'h2') throw new TypeError('undefined is not iterable');
        return [id, present(params.me)];
      }),
    ),
});

const askOddTool = defineModule({
  name: 'ask-odd-tool',
  about: 'Asks.',
  readonly: true,
  args: {
    properties: { hosts: { type: 'array', items: { type: 'string' } }, me: { type: 'string' } },
    required: ['me'],
  },
  examples: [],
  reads: ({ me }) => ({ said: question(oddTool, { me }) }),
  plan: () => ({ changes: [] }),
});

const buggy = defineModule({
  name: 'buggy',
  about: 'Has a bug.',
  readonly: true,
  args: {
    properties: { hosts: { type: 'array', items: { type: 'string' } }, me: { type: 'string' } },
    required: ['me'],
  },
  examples: [],
  reads: () => ({}),
  plan: ({ me }) => {
    if (me === 'h2') throw new TypeError('a bug');
    return { changes: [] };
  },
});

const modules: ReadonlyMap<string, Module> = new Map<string, Module>([
  ['fail-on', failOn],
  ['ask-odd-tool', askOddTool],
  ['buggy', buggy],
]);

function task(name: string, hosts: readonly string[], more: Partial<Task> = {}, module = 'fail-on'): Task {
  const at = { file: 'made.yml', line: 1, column: 1 };
  return {
    ...madeTask(module, {}, { name: constant(name), ...more }),
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

async function run(
  count: number,
  play: Partial<Play>,
  tasks: readonly Task[],
  bug: (error: unknown) => HealError = (error) => {
    throw error;
  },
  connect: Connect = (_login, first, onFrame) => localConnection(undefined, first, onFrame),
  onEvent: (event: Event) => void = () => {},
) {
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
    bug,
    loginOf: ({ name }) => ({ name }) as never,
    connect,
    connectHere,
    modules,
    forks: 25,
    mode: 'run',
    selected: () => true,
    check: false,
    deep: false,
    signal: new AbortController().signal,
    emit: (event) => {
      events.push(event);
      onEvent(event);
    },
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
  return { report, ran, events };
}

const ranOn = (ran: readonly string[], name: string): string[] =>
  ran
    .filter((line) => line.includes(` ${name} `))
    .map((line) => line.split(' ')[0] ?? '')
    .sort();

describe('batches', () => {
  it('continue while no more hosts fail than max_fail_percentage allows', async () => {
    const { ran } = await run(6, { serial: [2], maxFailPercentage: 50 }, [task('a', ['h1'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
  });

  it('stop if more hosts fail', async () => {
    const { ran, report } = await run(6, { serial: [2], maxFailPercentage: 49 }, [task('a', ['h3'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2', 'h3', 'h4']);
    expect(report['h5']).toMatchObject({ ok: 0, failed: 0 });
  });

  it('stop if no host of a batch is left', async () => {
    const { ran } = await run(4, { serial: [2] }, [task('a', ['h1', 'h2'])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2']);
  });

  it('end on all hosts at the first failure with any_errors_fatal', async () => {
    const { ran } = await run(4, { serial: [1], anyErrorsFatal: true }, [task('a', ['h2']), task('b', [])]);
    expect(ranOn(ran, 'a')).toEqual(['h1', 'h2']);
    expect(ranOn(ran, 'b')).toEqual(['h1']);
  });
});

describe('a host that hangs delays no other', () => {
  const handlers = [task('Restart', [])];
  const tasks = [task('a', [], { notify: [constant('Restart')] })];

  it.each(['at its login', 'at its first program'])('%s', async (where) => {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const connect: Connect = async (login, first, onFrame) => {
      const hangs = login.name === 'h2';
      if (hangs && where === 'at its login') await gate;
      const connection = await localConnection(undefined, first, onFrame);
      if (!hangs) return connection;
      return {
        ...connection,
        roundTrips: 0,
        run: async (...given) => {
          await gate;
          await connection.run(...given);
        },
      };
    };
    // The other host has to be through with its handlers before this one goes on.
    const onEvent = (event: Event): void => {
      if (event.type === 'task-done' && event.host === 'h1' && event.task.name === 'Restart') open();
    };
    const { report } = await run(2, { handlers }, tasks, undefined, connect, onEvent);
    expect(report).toMatchObject({ h1: { changed: 2 }, h2: { changed: 2 } });
  });
});

describe('a loop', () => {
  it('runs the other items although one fails, and fails then', async () => {
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
  it('runs a task on one host for all hosts of its batch, and all have the result', async () => {
    const { ran, report } = await run(3, {}, [task('a', [], { runOnce: true, register: 'r' }), task('b', [])]);
    expect(ranOn(ran, 'a')).toHaveLength(1);
    expect(ranOn(ran, 'b')).toEqual(['h1', 'h2', 'h3']);
    expect(Object.values(report).map((counts) => counts.failed)).toEqual([0, 0, 0]);
  });

  it('fails on all hosts of the batch if it fails', async () => {
    const { ran } = await run(3, {}, [task('a', ['h1', 'h2', 'h3'], { runOnce: true }), task('b', [])]);
    expect(ranOn(ran, 'a')).toHaveLength(1);
    expect(ranOn(ran, 'b')).toEqual([]);
  });
});

describe('invalid data of one host ends only its own part of the run', () => {
  /** A template that can't be evaluated on h2. */
  const oddOn = <T>(value: T): Template<T> => ({
    ...constant(value),
    evaluate: (values: Variables): Evaluated<T> => {
      const me = values.lookup('me');
      if (me?.kind === 'value' && me.value === 'h2') throw new HealError('usage', 'int(): "abc" is not a number');
      return { kind: 'value', value };
    },
  });
  const condition = (value: boolean) => ({ ...oddOn(value), source: 'int(r.stdout) > 0' });
  const handlers = [task('Restart', [])];
  const notify = [constant('Restart')];

  it.each<[string, Partial<Task>]>([
    ['changed_when', { changedWhen: [condition(true)] }],
    ['failed_when', { failedWhen: [condition(false)] }],
    ['until', { until: condition(true) }],
    ['the list of a loop', { loop: oddOn(['x']) }],
    ['when', { when: [condition(true)] }],
  ])('a condition that its result does not allow, in %s', async (_what, more) => {
    const { ran, report } = await run(3, { handlers }, [task('a', [], { ...more, notify }), task('b', [])]);
    expect(report).toMatchObject({ h1: { failed: 0 }, h2: { failed: 1 }, h3: { failed: 0 } });
    expect(ran).toContain('h2 a failed');
    expect(ranOn(ran, 'b')).toEqual(['h1', 'h3']);
    expect(ranOn(ran, 'Restart')).toEqual(['h1', 'h3']);
  });

  it('a name that its result does not allow is left unrendered', async () => {
    const { ran, report } = await run(2, {}, [task('a', [], { name: oddOn('a') })]);
    expect(report).toMatchObject({ h1: { changed: 1 }, h2: { changed: 1, failed: 0 } });
    expect(ran.sort()).toEqual(['h1 a changed', 'h2 made.yml#a changed']);
  });

  it('an answer that a probe cannot read', async () => {
    const { report, events } = await run(2, { handlers }, [
      task('a', [], { notify }),
      task('b', [], {}, 'ask-odd-tool'),
    ]);
    expect(report).toMatchObject({ h1: { failed: 0, ok: 3 }, h2: { failed: 1 } });
    expect(JSON.stringify(events)).toContain(
      "the answer of the odd-tool probe can't be read: undefined is not iterable",
    );
  });

  it('a bug of heal that only its answers show', async () => {
    const bugs: unknown[] = [];
    const bug = (error: unknown): HealError => {
      bugs.push(error);
      return new HealError('failed', 'this is a bug of heal');
    };
    const { ran, report, events } = await run(
      3,
      { handlers },
      [task('a', [], { notify }), task('b', [], {}, 'buggy')],
      bug,
    );
    expect(bugs).toEqual([new TypeError('a bug')]);
    expect(report).toMatchObject({ h1: { failed: 0, ok: 3 }, h2: { failed: 1 }, h3: { failed: 0, ok: 3 } });
    expect(ranOn(ran, 'Restart')).toEqual(['h1', 'h3']);
    expect(events).toContainEqual({
      type: 'host-refused',
      host: 'h2',
      error: new HealError('failed', 'this is a bug of heal'),
    });
  });
});
