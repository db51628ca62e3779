import type { Connect } from '../../src/core/connection.ts';
import type { HealError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import type { Host, Play, Task } from '../../src/core/playbook.ts';
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

/** Test files that run at the same time share this machine's record of pending handlers: each has a project. */
const project = `made-${process.pid}-${Math.random()}`;

/** A task of the module `fail-on`, or of another one, that fails on these hosts. */
export function task(name: string, hosts: readonly string[], more: Partial<Task> = {}, module = 'fail-on'): Task {
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

/** Runs a play on so many hosts of this machine, h1 and further, and gives what was reported of each. */
export async function run(
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
    hostNamed: (name) => hosts.find((host) => host.name === name),
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
      name: project,
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

/** The hosts on which a task of this name has ended, in the order of their names. */
export const ranOn = (ran: readonly string[], name: string): string[] =>
  ran
    .filter((line) => line.includes(` ${name} `))
    .map((line) => line.split(' ')[0] ?? '')
    .sort();
