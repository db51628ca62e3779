import type { Module } from '../../src/core/module.ts';
import type { Task, Value } from '../../src/core/playbook.ts';
import { defineModule } from '../../src/modules/definition/define.ts';
import { command } from '../../src/probes/command.ts';
import { entry } from '../../src/probes/entry.ts';
import { sh } from '../../src/shell/sh.ts';

const lineFile = defineModule({
  name: 'line-file',
  about: 'A file that is there.',
  args: {
    properties: { path: { type: 'string' }, text: { type: 'string' } },
    required: ['path', 'text'],
  },
  examples: [],
  reads: ({ path }, _look, { account }) => ({
    entry: entry(path, { hash: true }, account),
  }),
  plan: ({ path, text }, answers, { account }) =>
    answers.entry?.size === text.length
      ? []
      : [
          {
            title: `write ${path}`,
            sign: '+',
            act: { kind: 'program', script: sh`printf %s ${text} >${path}` },
            expects: [entry(path, { hash: true }, account)],
            touches: [`path:${path}`],
          },
        ],
});

const free = defineModule({
  name: 'free',
  about: 'Runs.',
  args: { properties: { cmd: { type: 'string' } }, required: ['cmd'] },
  examples: [],
  reads: () => ({}),
  plan: ({ cmd }) => [
    {
      title: cmd,
      sign: '~',
      act: { kind: 'program', free: true, script: sh`eval ${cmd}` },
      proven: false,
    },
  ],
});

const look = defineModule({
  name: 'look',
  about: 'Reads.',
  args: { properties: { cmd: { type: 'string' } }, required: ['cmd'] },
  examples: [],
  readonly: true,
  reads: ({ cmd }, _look, { account }) => ({
    said: command({ shell: cmd }, account),
  }),
  plan: (_args, { said }) => ({
    changes: [],
    result: { stdout: said?.stdout.toString('utf8').trim() ?? '' },
  }),
});

/** Says that it takes the host down, and does not. */
const down = defineModule({
  name: 'down',
  about: 'Goes down.',
  args: { properties: {}, required: [] },
  examples: [],
  reads: () => ({}),
  plan: () => [{ title: 'go down', sign: '~', act: { kind: 'reconnect', script: sh`:`, within: 1 } }],
});

/** Counts in a file how often it was asked; the answers are inconsistent until it was asked `enough` times. */
const inconsistent = defineModule({
  name: 'inconsistent',
  about: 'Reads again.',
  args: { properties: { path: { type: 'string' }, enough: { type: 'integer' } }, required: ['path', 'enough'] },
  examples: [],
  reads: ({ path }, _look, { account }) => ({
    asked: command({ shell: `echo >>'${path}'; grep -c '' '${path}'` }, account),
  }),
  plan: ({ path, enough }, { asked }) =>
    Number(asked?.stdout.toString('utf8')) >= enough
      ? []
      : { changes: [], failed: `${path} changes while it is read`, inconsistent: true },
});

/** Modules of tests of the engine, by name. */
export const modules: ReadonlyMap<string, Module> = new Map([
  ['inconsistent', inconsistent],
  ['down', down],
  ['line-file', lineFile],
  ['free', free],
  ['look', look],
]);

/** Arguments that need a registered result. */
export function needs(name: string, make: (stdout: string) => { readonly [key: string]: Value }): Task['args'] {
  return {
    at: { file: 'made.yml', line: 1, column: 1 },
    inputs: [name],
    evaluate: (variables) => {
      const found = variables.lookup(name);
      if (found === undefined || found.kind === 'pending') return { kind: 'pending', names: [name] };
      return {
        kind: 'value',
        value: make(String(Reflect.get(Object(found.value), 'stdout'))),
      };
    },
  };
}
