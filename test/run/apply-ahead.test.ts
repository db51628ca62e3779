import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Module } from '../../src/core/module.ts';
import type { Evaluated, Task, Value } from '../../src/core/playbook.ts';
import type { Sh } from '../../src/core/sh.ts';
import { defineModule } from '../../src/modules/definition/define.ts';
import { modules as shipped } from '../../src/modules/registry.ts';
import { entry } from '../../src/probes/entry.ts';
import { sh } from '../../src/shell/sh.ts';
import { casesUnder, engineShells, shells } from '../shell/shells.ts';
import { until } from '../until.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

/** Writes a file, is never content with it, and ends as told. */
const writes = (name: string, end: Sh): Module =>
  defineModule({
    name,
    about: 'Writes a file.',
    args: { properties: { path: { type: 'string' } }, required: ['path'] },
    examples: [],
    reads: ({ path }, _look, { account }) => ({ entry: entry(path, {}, account) }),
    plan: ({ path }) => [
      {
        title: `write ${path}`,
        sign: '+',
        act: { kind: 'program', script: sh`: >${path}; ${end}` },
        touches: [`path:${path}`],
      },
    ],
  });

const modules: ReadonlyMap<string, Module> = new Map([
  ...shipped,
  ['never', writes('never', sh`exit 0`)],
  ['breaks', writes('breaks', sh`exit 3`)],
  ['lasts', writes('lasts', sh`sleep 600`)],
]);
const { all, remove } = shells();
afterAll(remove);

describe.each(engineShells(all))('changes that share a program under $name', (shell) => {
  const engine = casesUnder(shell);
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-ahead-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string): string => join(directory, name);
  const copy = (name: string, more: Partial<Task> = {}): Task =>
    madeTask('copy', { dest: at(name), content: `${name}\n` }, more);
  const run = async (tasks: readonly Task[], more: Parameters<typeof runMade>[3] = {}, handlers: Task[] = []) => {
    const ran = await runMade(shell, madePlay(tasks, { handlers }), modules, more);
    return { ...ran, statuses: ran.done.map(({ status }) => status) };
  };

  it('are applied in one round trip, and each is reported once and in order', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `f${n}`);
    const { statuses, roundTrips, done, events } = await run(names.map((name) => copy(name)));
    expect(statuses).toEqual(names.map(() => 'changed'));
    expect(done.map(({ changes }) => changes.length)).toEqual(names.map(() => 1));
    expect(names.map((name) => readFileSync(at(name), 'utf8'))).toEqual(names.map((name) => `${name}\n`));
    expect(events.filter(({ type }) => type === 'task-start')).toHaveLength(names.length);
    // Asks, changes and proves.
    expect(roundTrips).toBe(2);
  });

  engine('come to what they do one by one: a directory, a file in it, its mode, a link to it', async () => {
    const tasks = [
      madeTask('directory', { path: at('d'), mode: '0750' }),
      copy('d/f'),
      madeTask('file', { path: at('d/f'), mode: '0600' }),
      madeTask('link', { path: at('l'), src: 'd/f' }),
    ];
    const first = await run(tasks);
    expect(first.statuses).toEqual(['changed', 'changed', 'changed', 'changed']);
    expect(readFileSync(at('l'), 'utf8')).toBe('d/f\n');
    expect([statSync(at('d')).mode & 0o777, statSync(at('d/f')).mode & 0o777]).toEqual([0o750, 0o600]);
    expect((await run(tasks)).statuses).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('end with the first that fails: the later ones are not applied', async () => {
    const { statuses, report, done, roundTrips } = await run([
      copy('a'),
      madeTask('breaks', { path: at('x') }),
      copy('b'),
    ]);
    expect([statuses, roundTrips]).toEqual([['changed', 'failed'], 2]);
    expect(done[1]).toMatchObject({ message: expect.stringContaining('exit code 3'), changes: [] });
    expect(report['here']).toMatchObject({ ok: 1, changed: 1, failed: 1 });
    expect([existsSync(at('a')), existsSync(at('b'))]).toEqual([true, false]);
  });

  engine('are told of where one before them is not proven, and nothing more is made', async () => {
    const { statuses, done } = await run([madeTask('never', { path: at('n') }), copy('a'), madeTask('fail', {})]);
    expect(statuses).toEqual(['failed', 'changed']);
    expect(done[0]?.message).toContain('applied, but the host still differs');
    expect(existsSync(at('a'))).toBe(true);
  });

  engine('are told of where the run is interrupted after they were made', async () => {
    const interrupt = new AbortController();
    const events: Event[] = [];
    const tasks = [copy('a'), copy('b'), madeTask('lasts', { path: at('x') }), copy('c')];
    const going = run(tasks, { signal: interrupt.signal, events });
    going.catch(() => undefined);
    await until('the third is being made', () => existsSync(at('x')));
    interrupt.abort(new Error('interrupted'));
    await expect(going).rejects.toThrow('interrupted');
    expect(events.at(-1)).toMatchObject({
      type: 'run-end',
      unfinished: ['here'],
      report: { here: { ok: 2, changed: 2, failed: 0 } },
    });
    expect(events.filter(({ type }) => type === 'task-done')).toMatchObject([
      { task: { name: expect.stringContaining('/a') }, status: 'changed' },
      {
        task: { name: expect.stringContaining('/b') },
        status: 'changed',
        message: expect.stringContaining('not verified'),
      },
    ]);
    expect([existsSync(at('b')), existsSync(at('c'))]).toEqual([true, false]);
  });

  engine('leave out what would alter that on which a task between them was decided', async () => {
    writeFileSync(at('f'), 'line\n');
    const { statuses } = await run(
      [
        copy('a'),
        madeTask('line', { path: at('f'), line: 'line' }),
        madeTask('copy', { dest: at('f'), content: 'other\n' }),
      ],
      { recheckPause: 50 },
    );
    // Had the last one been made with the first, the second would find its line gone.
    expect(statuses.slice(0, 3)).toEqual(['changed', 'ok', 'changed']);
    expect(readFileSync(at('f'), 'utf8')).toBe('other\n');
  });

  engine('wait for a task whose result decides, and for one that is tried again', async () => {
    const first = await run([copy('a', { failedWhen: [condition(true)] }), copy('b')]);
    expect(first.statuses).toEqual(['failed']);
    expect(existsSync(at('b'))).toBe(false);
    const between = madeTask('debug', { msg: 'x' }, { failedWhen: [condition(true)] });
    expect((await run([copy('e'), between, copy('f')])).statuses).toEqual(['changed', 'failed']);
    expect(existsSync(at('f'))).toBe(false);
    const second = await run([copy('c', { until: condition(true), retries: 1 }), copy('d')]);
    expect(second.statuses).toEqual(['changed', 'changed']);
    expect(second.roundTrips).toBe(3);
  });

  engine('leave a loop over nothing at its place, with its result', async () => {
    const { done } = await run([
      copy('a'),
      copy('x', { loop: constant([]), register: 'r' }),
      copy('b', { when: [{ ...condition(true), inputs: ['r'], evaluate: (all) => asked(all.lookup('r')) }] }),
    ]);
    expect(done.map(({ status }) => status)).toEqual(['changed', 'skipped', 'changed']);
    expect(existsSync(at('b'))).toBe(true);
  });

  engine('are decided anew where somebody edited a file after it was read', async () => {
    writeFileSync(at('b'), 'old\n');
    let edits = 0;
    const beforeProgram = (): void => {
      edits += 1;
      if (edits === 1) writeFileSync(at('b'), 'edited by somebody\n');
    };
    const { statuses, done } = await run([copy('a'), copy('b'), copy('c')], { beforeProgram });
    expect(statuses).toEqual(['changed', 'changed', 'changed']);
    expect(done[1]?.changes[0]?.diff?.before).toBe('edited by somebody\n');
    expect(['a', 'b', 'c'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(['a\n', 'b\n', 'c\n']);
  });

  engine('keep the handler that one of them notifies where the next one fails', async () => {
    const handler = madeTask('shell', { cmd: `echo handled >>'${at('log')}'` }, { name: constant('h') });
    const notify = [constant('h')];
    const tasks = [copy('a', { notify }), madeTask('breaks', { path: at('x') }, { notify })];
    expect((await run(tasks, {}, [handler])).statuses).toEqual(['changed', 'failed']);
    expect(existsSync(at('log'))).toBe(false);
    // The second task is still in the play, and skipped this time: only the first one notifies.
    const rest = [copy('a', { notify }), madeTask('breaks', { path: at('x') }, { notify, when: [condition(false)] })];
    expect((await run(rest, {}, [handler])).statuses).toEqual(['ok', 'skipped', 'changed']);
    expect(readFileSync(at('log'), 'utf8')).toBe('handled\n');
  });
});

function asked(found: Evaluated<Value> | undefined): Evaluated<boolean> {
  return found?.kind === 'value' ? { kind: 'value', value: true } : { kind: 'pending', names: ['r'] };
}

function condition(holds: boolean): Task['failedWhen'][number] {
  return { ...constant(holds), source: String(holds) };
}
