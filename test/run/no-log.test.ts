import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Module } from '../../src/core/module.ts';
import type { Task, Value } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { hostLines } from '../../src/report/host-lines.ts';
import { jsonReporter } from '../../src/report/json.ts';
import { plainReporter } from '../../src/report/plain.ts';
import { look } from '../report/look.ts';
import { shells } from '../shell/shells.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const secret = 'hunter2';
const { all, remove } = shells();
afterAll(remove);
const [shell] = all;
if (shell === undefined) throw new Error('this machine has no shell');

/** A task whose arguments hold the secret, and whose name and id do not. */
const task = (module: string, args: { readonly [key: string]: Value }, more: Partial<Task> = {}): Task =>
  madeTask(module, args, { id: `made.yml#${module}`, name: constant(`the ${module} task`), noLog: true, ...more });

/** All that a person or a program gets to see of these events. */
async function seen(events: readonly Event[]): Promise<string> {
  const out: string[] = [];
  const write = (text: string): void => void out.push(text);
  const shown = look({ verbose: 3, diff: true, checks: true });
  const live = hostLines(shown, { done: 'v', failed: 'x', waiting: '.' }, () => 0);
  for (const reporter of [plainReporter(shown, write), jsonReporter(shown.clean, true, write)]) {
    for (const event of events) {
      reporter.emit(event);
      live.on(event);
      write(live.draw('-', { columns: 200, rows: 20 }));
    }
    await reporter.close();
  }
  return `${out.join('\n')}\n${JSON.stringify(events)}`;
}

describe('no_log', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-no-log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string): string => join(directory, name);
  const run = async (
    tasks: readonly Task[],
    more: { readonly check?: boolean; readonly handlers?: Task[]; readonly verify?: Task[] } = {},
  ) => {
    const { handlers = [], verify = [] } = more;
    const { events, done, report } = await runMade(
      shell,
      madePlay(tasks, { handlers, verify }),
      modules as ReadonlyMap<string, Module>,
      { check: more.check === true, recheckPause: 50 },
    );
    return { all: await seen(events), done, report };
  };
  const cases: readonly (readonly [string, () => Parameters<typeof run>])[] = [
    ['a command that succeeds', () => [[task('command', { argv: ['echo', secret] })]]],
    ['a command that fails', () => [[task('shell', { cmd: `echo ${secret}; echo ${secret} >&2; exit 3` })]]],
    ['a command that takes too long', () => [[task('shell', { cmd: `sleep 60 # ${secret}` }, { timeout: 1 })]]],
    ['a file with its diff', () => [[task('copy', { dest: at('f'), content: `${secret}\n` })]]],
    [
      'items of a loop, and their labels',
      () => [
        [
          task('shell', { cmd: 'exit 0' }, { loop: constant([secret, { name: secret }]) }),
          task('shell', { cmd: 'exit 0' }, { loop: constant([secret]), loopControl: { label: constant(secret) } }),
        ],
      ],
    ],
    [
      'a name that holds the item',
      () => [
        [
          task(
            'shell',
            { cmd: 'exit 0' },
            {
              loop: constant([secret]),
              name: {
                ...constant(''),
                source: 'the {{ item }}',
                evaluate: (variables) => {
                  const item = variables.lookup('item');
                  return item?.kind === 'value'
                    ? { kind: 'value', value: `the ${item.value}` }
                    : { kind: 'pending', names: ['item'] };
                },
              },
            },
          ),
        ],
      ],
    ],
    [
      'a handler',
      () => [
        [task('copy', { dest: at('f'), content: 'x' }, { noLog: false, notify: [constant('the shell task')] })],
        { handlers: [task('shell', { cmd: `: ${secret}` })] },
      ],
    ],
    [
      'a task that is tried again',
      () => [
        [
          task(
            'shell',
            { cmd: `echo ${secret}` },
            {
              retries: 1,
              until: {
                at: constant('').at,
                source: 'false',
                inputs: [],
                evaluate: () => ({ kind: 'value', value: false }),
              },
            },
          ),
        ],
      ],
    ],
    ['a check', () => [[], { verify: [task('copy', { dest: at('f'), content: secret })] }]],
    ['a plan', () => [[task('copy', { dest: at(secret), content: secret })], { check: true }]],
    [
      'what a later task of a plan depends on',
      () => [
        [task('shell', { cmd: `: ${secret}` }), task('copy', { dest: at('f'), content: 'x' }, { noLog: false })],
        { check: true },
      ],
    ],
    [
      'a task that a later one undid',
      () => [
        [
          task('copy', { dest: at(`${secret}`), content: secret }),
          task('file', { path: at('f'), state: 'absent' }, { noLog: false }),
          task('shell', { cmd: `rm '${directory}'/*` }),
        ],
      ],
    ],
  ];
  it.each(cases)('hides %s', async (_what, given) => {
    const { all: text, done } = await run(...given());
    expect(done.length).toBeGreaterThan(0);
    expect(text).toContain('hidden by no_log');
    expect(text).not.toContain(secret);
  });

  it('keeps the registered result for the tasks that use it', async () => {
    const use: Task['args'] = {
      ...constant({}),
      evaluate: (variables) => {
        const found = variables.lookup('said');
        if (found?.kind !== 'value') return { kind: 'pending', names: ['said'] };
        return {
          kind: 'value',
          value: { cmd: `test ${Reflect.get(Object(found.value), 'stdout')} = ${secret} && : >${at('ok')}` },
        };
      },
    };
    await run([task('shell', { cmd: `echo ${secret}` }, { register: 'said' }), task('shell', {}, { args: use })]);
    expect(existsSync(at('ok'))).toBe(true);
  });
});
