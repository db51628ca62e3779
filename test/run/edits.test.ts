import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event, TaskDone } from '../../src/core/event.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Task } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { withDefaults } from '../../src/project/schema-check.ts';
import { runPlaybook } from '../../src/run/run.ts';
import { shells } from '../shell/shells.ts';
import { localConnection } from './local-connection.ts';
import { madeHost, madePlay, madeTask } from './made.ts';

const { all, remove } = shells();
afterAll(remove);

describe.each(all)('edits that build on each other under $name', (shell) => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heal-edits-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (tasks: readonly Task[], check: boolean) => {
    const events: Event[] = [];
    let programs: readonly string[] = [];
    await runPlaybook({
      playbook: { name: 'made', plays: [madePlay(tasks)], secrets: [] },
      hostsOf: () => [madeHost],
      loginOf: () => ({}) as never,
      connect: async (_login, first, onFrame) => {
        const connection = await localConnection(shell, first, onFrame);
        programs = connection.programs;
        return connection;
      },
      connectHere: () => Promise.reject(new Error('nothing is done here')),
      modules,
      forks: 5,
      mode: 'run',
      selected: () => true,
      check,
      deep: false,
      signal: new AbortController().signal,
      emit: (event) => events.push(event),
      now: () => performance.now(),
      project: {
        name: 'made',
        checkArgs: async ({ module }, args) => withDefaults(module.schema, args as JsonObject),
        checkLocal: async () => undefined,
        load: async () => {
          throw new Error('no local files here');
        },
      },
    });
    const done = events.filter((event): event is TaskDone => event.type === 'task-done');
    return { statuses: done.map(({ status }) => status), roundTrips: programs.length - 1 };
  };

  it('are foretold by the plan, and made once', async () => {
    const at = (name: string): string => join(folder, name);
    const tasks = [
      madeTask('copy', { dest: at('f'), content: '## Duty\nold\n\n## Other\n', force: false }),
      madeTask('block', { path: at('f'), block: '## Duty\n\n- new\n', adopt: 'section', marker: '<!-- {mark} -->' }),
      madeTask('line', { path: at('f'), line: 'last' }),
      madeTask('replace', { path: at('f'), regexp: '^## Other$', replace: '## Others' }),
      madeTask('json', { path: at('j'), create: true, merge: { a: { b: 1 } } }),
      madeTask('json', { path: at('j'), set: [{ path: 'a.c[0]', value: 'x' }] }),
      madeTask('yaml', { path: at('y'), create: true, merge: { a: [1] }, lists: 'append_unique' }),
      madeTask('link', { path: at('l'), src: 'y' }),
      madeTask('yaml', { path: at('l'), merge: { a: [2] }, lists: 'append_unique' }),
    ];
    const planned = await run(tasks, true);
    expect(planned.statuses).toEqual(tasks.map(() => 'changed'));
    expect(readdirSync(folder)).toEqual([]);

    const made = await run(tasks, false);
    expect(made.statuses).toEqual(tasks.map(() => 'changed'));
    expect(readFileSync(at('f'), 'utf8')).toBe('<!-- BEGIN -->\n## Duty\n\n- new\n<!-- END -->\n\n## Others\nlast\n');
    expect(readFileSync(at('j'), 'utf8')).toBe('{\n  "a": {\n    "b": 1,\n    "c": [\n      "x"\n    ]\n  }\n}\n');
    expect([readFileSync(at('y'), 'utf8'), readlinkSync(at('l'))]).toEqual(['a:\n  - 1\n  - 2\n', 'y']);

    const again = await run(tasks, false);
    expect(again.statuses).toEqual(tasks.map(() => 'ok'));
    expect(again.roundTrips).toBe(1);
  });
});
