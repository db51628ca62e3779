import { describe, expect, it, test } from 'vitest';
import type { Connect } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/event.ts';
import type { Evaluated, Task, Template, Variables } from '../../src/core/playbook.ts';
import { localConnection } from './local-connection.ts';
import { constant } from './made.ts';
import { ranOn, run, task } from './several-made-hosts.ts';

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

test('a host that waits for others says so', async () => {
  const tasks = [task('a', []), task('b', [])];
  const { events } = await run(2, { anyErrorsFatal: true }, tasks);
  const waits = events.findIndex(({ type }) => type === 'host-waiting');
  const last = events.findLastIndex((event) => event.type === 'task-done' && event.task.name === 'a');
  expect(waits).toBeGreaterThan(0);
  expect(waits).toBeLessThan(last);
  expect((await run(2, {}, tasks)).events.map(({ type }) => type)).not.toContain('host-waiting');
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

test('the start of a play has the number of tasks of each host, if not all have the same', async () => {
  const startOf = async (tasks: Task[]) => (await run(2, {}, tasks)).events.find(({ type }) => type === 'play-start');
  const own = [task('a', []), task('b', [], { onlyOn: new Set(['h1']) })];
  expect(await startOf(own)).toMatchObject({ tasks: 2, tasksOf: { h1: 2, h2: 1 } });
  expect(await startOf([task('a', [])])).not.toHaveProperty('tasksOf');
});
