import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { modules } from '../../src/modules/registry.ts';
import { casesUnder, engineShells, shells } from '../shell/shells.ts';
import { until } from '../until.ts';
import { gate, lockRuns, open, reached, warnings } from './lock-runs.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const { all, remove } = shells();
afterAll(remove);

describe.each(engineShells(all))('two runs that have handlers for a host under $name', (shell) => {
  const caseOf = casesUnder(shell);
  const { at, log, shellTask, start } = lockRuns(shell);

  caseOf('do not take their own handlers for another run', async () => {
    const handlers = [shellTask(`: >'${at('b')}'`, { name: constant('h') })];
    const copy = madeTask('copy', { dest: at('a'), content: 'a' }, { notify: [constant('h')] });
    const without = await runMade(shell, madePlay([copy], { handlers }), modules);
    rmSync(at('a'));
    const locked = await start('first', [copy], { handlers });
    expect(locked.roundTrips).toBe(without.roundTrips);
    expect(locked.report['here']).toMatchObject({ changed: 2, failed: 0 });
  });

  it('run a pending handler once', async () => {
    const handler = shellTask(`echo handled >>'${at('log')}'; ${gate(at('gate'))}`, { name: constant('h') });
    const copy = madeTask('copy', { dest: at('f'), content: 'x' }, { notify: [constant('h')] });
    const broken = await start('broken', [copy, shellTask('exit 1')], { handlers: [handler] });
    expect(broken.report['here']).toMatchObject({ changed: 1, failed: 1 });
    const first = start('first', [copy], { handlers: [handler] });
    await reached(at('gate'));
    const events: Event[] = [];
    const second = start('second', [copy], { handlers: [handler], events });
    await until('the second waits', () => warnings(events).length > 0);
    open(at('gate'));
    expect((await first).report['here']).toMatchObject({ changed: 1, failed: 0 });
    const { done } = await second;
    expect(done.at(-1)).toMatchObject({ status: 'skipped', message: 'another run has run this handler' });
    expect(log()).toBe('handled\n');
  });

  caseOf('run a handler that a broken run has left, also if they have to wait for the lock', async () => {
    const handlers = [shellTask(`echo handled >>'${at('log')}'`, { name: constant('h') })];
    const half = madeTask('shell', { cmd: `: >'${at('f')}'; exit 1`, creates: at('f') }, { notify: [constant('h')] });
    const broken = await start('broken', [half], { handlers });
    expect(broken.report['here']).toMatchObject({ changed: 0, failed: 1 });
    const first = start('first', [shellTask(gate(at('gate')))], { play: 'another' });
    await reached(at('gate'));
    const events: Event[] = [];
    const second = start('second', [half], { handlers, events });
    await until('the second waits', () => warnings(events).length > 0);
    open(at('gate'));
    await first;
    expect((await second).report['here']).toMatchObject({ ok: 2, changed: 1, failed: 0 });
    expect(log()).toBe('handled\n');
  });

  caseOf('have recorded that a handler was run when they release the lock', async () => {
    const handlers = [shellTask(`echo handled >>'${at('log')}'`, { name: constant('h') })];
    const copy = madeTask('copy', { dest: at('f'), content: 'x' }, { notify: [constant('h')] });
    let second: ReturnType<typeof start> | undefined;
    // Its next program after the handler, by which time it has no lock.
    const beforeProgram = async (): Promise<void> => {
      if (!existsSync(at('log'))) return;
      second ??= start('second', [copy], { handlers });
      await second;
    };
    await start('first', [copy], { handlers, beforeProgram });
    expect((await second)?.report['here']).toMatchObject({ changed: 0, failed: 0 });
    expect(log()).toBe('handled\n');
  });

  caseOf('let no other run come between their tasks and their handlers', async () => {
    const handlers = [shellTask(`echo handled >>'${at('log')}'`, { name: constant('h') })];
    const copy = madeTask('copy', { dest: at('f'), content: 'x' }, { notify: [constant('h')] });
    let second: ReturnType<typeof start> | undefined;
    // The program of the handler.
    const beforeProgram = async (): Promise<void> => {
      if (!existsSync(at('f'))) return;
      second ??= start('second', [shellTask(`echo second >>'${at('log')}'`)], { timeout: 0 });
      await second;
    };
    await start('first', [copy], { handlers, beforeProgram });
    expect((await second)?.report['here']).toMatchObject({ changed: 0, failed: 1 });
    expect(log()).toBe('handled\n');
  });

  caseOf('have those left to run of which one failed, and not those before it', async () => {
    const names = ['a', 'b', 'c'];
    const tasks = [madeTask('copy', { dest: at('f'), content: 'x' }, { notify: names.map((name) => constant(name)) })];
    const handlers = names.map((name) => {
      const fails = name === 'b' ? `[ -e '${at('ready')}' ]` : ':';
      return shellTask(`echo ${name} >>'${at('log')}'; ${fails}`, { name: constant(name) });
    });
    const first = await start('first', tasks, { handlers });
    expect(first.report['here']).toMatchObject({ changed: 2, failed: 1 });
    writeFileSync(at('ready'), '');
    const second = await start('second', tasks, { handlers });
    expect(second.report['here']).toMatchObject({ changed: 2, failed: 0 });
    expect(log()).toBe('a\nb\nb\nc\n');
    const third = await start('third', tasks, { handlers });
    expect(third.report['here']).toMatchObject({ changed: 0, failed: 0 });
  });
});
