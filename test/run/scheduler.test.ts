import { expect, test } from 'vitest';
import type { Task } from '../../src/core/playbook.ts';
import { createScheduler } from '../../src/run/playbook/scheduler.ts';
import { constant, madeHost, madePlay, madeTask } from './made.ts';

const tasks = ['a', 'b', 'c'].map((name) => madeTask('free', {}, { name: constant(name) }));
const play = madePlay(tasks, { anyErrorsFatal: true });
const hosts = ['h1', 'h2', 'h3'].map((name) => ({ ...madeHost, name }));
const nameOf = (index: number): string => ['a', 'b', 'c'][index] ?? '';

function taskAt(index: number): Task {
  const task = tasks[index];
  if (task === undefined) throw new Error('no such task');
  return task;
}

/** Lets the hosts go through their tasks; `pace` is how many scheduler of the event loop a task takes. */
async function run(forks: number, own: readonly (readonly number[])[], pace: (host: number) => number) {
  const scheduler = createScheduler(play, hosts, forks, new AbortController().signal);
  const log: string[] = [];
  const waits: string[] = [];
  let running = 0;
  let most = 0;
  await Promise.all(
    hosts.map(async ({ name }, host) => {
      for (const index of own[host] ?? []) {
        await scheduler.beforeTask(name, taskAt(index), () => waits.push(name));
        log.push(nameOf(index));
        running += 1;
        most = Math.max(most, running);
        for (let n = 0; n < pace(host); n += 1) await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      }
      scheduler.tasksDone(name);
      scheduler.done(name);
    }),
  );
  return { log: log.join(''), waits, most };
}

const all = [0, 1, 2];

test('no host starts a task before all have finished the one before it', async () => {
  const { log, waits, most } = await run(5, [all, all, all], (host) => 10 * (3 - host));
  expect(log).toBe('aaabbbccc');
  expect(waits).toContain('h3');
  expect(most).toBe(3);
});

test('no more hosts than forks run a task at once', async () => {
  const { log, most } = await run(1, [all, all, all], () => 2);
  expect([log, most]).toEqual(['aaabbbccc', 1]);
});

test('a host that skips tasks, or leaves, is not waited for', async () => {
  expect((await run(2, [[0], [2], all], (host) => host)).log).toBe('aabcc');
});

test('another item of a loop starts at once', async () => {
  const { log } = await run(5, [[0, 0, 1], [0, 1], [1]], () => 1);
  expect([log.slice(0, 3), log.slice(3)]).toEqual(['aaa', 'bbb']);
});

test('an interrupt ends all waiting', async () => {
  const abort = new AbortController();
  const scheduler = createScheduler(play, hosts, 5, abort.signal);
  const waits: string[] = [];
  const started = scheduler.beforeTask('h1', taskAt(0), () => waits.push('h1'));
  expect(waits).toEqual(['h1']);
  abort.abort();
  await started;
});

test('a task with run_once starts on the first host, and after it on the others', async () => {
  const [a, b] = tasks;
  if (a === undefined || b === undefined) throw new Error('no tasks');
  const once = { ...b, runOnce: true };
  for (const anyErrorsFatal of [false, true]) {
    const scheduler = createScheduler(madePlay([a, once], { anyErrorsFatal }), hosts, 5, new AbortController().signal);
    const log: string[] = [];
    const go = async (host: string, task: Task): Promise<void> => {
      await scheduler.beforeTask(host, task, () => {});
      log.push(host);
    };
    const first = hosts.map(({ name }) => go(name, a));
    await Promise.all(first);
    const rest = [go('h3', once), go('h2', once)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['h1', 'h2', 'h3']);
    // The first host failed before it, so the next one is the first.
    scheduler.tasksDone('h1');
    await rest[1];
    expect(log).toEqual(['h1', 'h2', 'h3', 'h2']);
    scheduler.tasksDone('h2');
    await rest[0];
    expect(log).toHaveLength(5);
  }
});

test('a host that needs results of another waits until that one has finished the tasks before', async () => {
  const [a, b, c] = [taskAt(0), taskAt(1), taskAt(2)];
  const scheduler = createScheduler(madePlay(tasks), hosts.slice(0, 2), 1, new AbortController().signal);
  const waits: string[] = [];
  const handler = madeTask('free', {}, { name: constant('handler') });
  await scheduler.start('h1');
  await scheduler.beforeTask('h1', c, () => {});
  expect(scheduler.unfinished('h2', 'h1', c)).toEqual([a, b]);
  // A handler of h1 comes after the same tasks.
  expect(scheduler.unfinished('h2', 'h1', handler)).toEqual([a, b]);
  const caughtUp = scheduler.waitForOthers('h1', c, () => waits.push('h1'));
  expect(waits).toEqual(['h1']);
  // The other one has the place of the one that waits.
  await scheduler.start('h2');
  await scheduler.beforeTask('h2', b, () => {});
  expect(scheduler.unfinished('h2', 'h1', c)).toEqual([b]);
  scheduler.tasksDone('h2');
  scheduler.done('h2');
  expect(await caughtUp).toBe(true);
  expect(scheduler.unfinished('h2', 'h1', c)).toEqual([]);
  expect(await scheduler.waitForOthers('h1', c, () => {})).toBe(false);
});

test('a host that waits for no other goes on before one that has not begun', async () => {
  const scheduler = createScheduler(madePlay(tasks), hosts, 1, new AbortController().signal);
  const log: string[] = [];
  const go = async (host: string): Promise<void> => {
    await scheduler.start(host);
    for (const task of tasks) {
      await scheduler.beforeTask(host, task, () => log.push('waits'));
      log.push(host);
    }
    scheduler.tasksDone(host);
    scheduler.done(host);
  };
  await Promise.all(hosts.map(({ name }) => go(name)));
  expect(log).toEqual(['h1', 'h1', 'h1', 'h2', 'h2', 'h2', 'h3', 'h3', 'h3']);
});
