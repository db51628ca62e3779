import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Task } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { lockAlive } from '../../src/shell/run-lock.ts';
import { runSync } from '../child.ts';
import { casesUnder, engineShells, shells } from '../shell/shells.ts';
import { runs, until } from '../until.ts';
import { gate, lockRuns, open, reached, warnings } from './lock-runs.ts';
import { constant, madeHost, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const { all, remove } = shells();
afterAll(remove);

describe.each(engineShells(all))('two runs that change a host at once under $name', (shell) => {
  const caseOf = casesUnder(shell);
  const own = lockRuns(shell);
  const { at, log, shellTask, start } = own;
  let directory = '';
  beforeEach(() => {
    directory = own.directory;
  });

  it('wait for each other, and report the holder', async () => {
    const first = start('first', [
      shellTask(`echo start >>'${at('log')}'; ${gate(at('gate'))}`),
      shellTask(`echo end >>'${at('log')}'`),
    ]);
    await reached(at('gate'));
    const events: Event[] = [];
    const second = start('second', [shellTask(`echo second >>'${at('log')}'`)], { events });
    await until('the second waits', () => warnings(events).length > 0);
    expect(warnings(events)).toEqual([
      expect.stringMatching(
        /^waiting for another run that is changing this host: first@laptop \(process \d+ on the host\)$/,
      ),
    ]);
    open(at('gate'));
    expect((await first).report['here']).toMatchObject({ changed: 2, failed: 0 });
    expect((await second).report['here']).toMatchObject({ changed: 1, failed: 0 });
    expect(log()).toBe('start\nend\nsecond\n');
  });

  it('fail at once with a timeout of 0, and name who has the lock', async () => {
    const first = start('first', [shellTask(gate(at('gate')))]);
    await reached(at('gate'));
    const { report, events } = await start('second', [shellTask(`echo second >>'${at('log')}'`)], { timeout: 0 });
    expect(report['here']).toMatchObject({ changed: 0, failed: 1 });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'host-refused',
        error: expect.objectContaining({
          message: expect.stringMatching(
            /^another run is changing this host: first@laptop \(process \d+ on the host\)$/,
          ),
          hint: 'run again when it has ended, or wait longer: --lock-timeout SECONDS',
        }),
      }),
    );
    open(at('gate'));
    await first;
    expect(existsSync(at('log'))).toBe(false);
  });

  caseOf('stop waiting when they are interrupted', async () => {
    const first = start('first', [shellTask(gate(at('gate')))]);
    await reached(at('gate'));
    const [events, interrupt] = [[] as Event[], new AbortController()];
    const second = start('second', [shellTask(`echo second >>'${at('log')}'`)], { events, signal: interrupt.signal });
    second.catch(() => undefined);
    await until('the second waits', () => warnings(events).length > 0);
    interrupt.abort(new Error('interrupted'));
    await expect(second).rejects.toThrow('interrupted');
    open(at('gate'));
    await first;
    expect(existsSync(at('log'))).toBe(false);
  });

  caseOf('take no lock where nothing is changed, and none twice', async () => {
    const first = start('first', [shellTask(gate(at('gate')))]);
    await reached(at('gate'));
    const stat = await start('second', [madeTask('stat', { path: '/' })], { timeout: 0 });
    expect(stat.report['here']).toMatchObject({ ok: 1, failed: 0 });
    const plan = await start('third', [madeTask('copy', { dest: at('f'), content: 'x' })], { timeout: 0, check: true });
    expect(plan.report['here']).toMatchObject({ changed: 1, failed: 0 });
    const verify = [madeTask('copy', { dest: at('f'), content: 'x' })];
    const checked = await start('verify', [], { timeout: 0, verify, mode: 'verify' });
    expect(checked.done.map(({ message }) => message)).toEqual([expect.stringMatching(/^check failed: /)]);
    open(at('gate'));
    await first;
    const two = [madeTask('copy', { dest: at('a'), content: 'a' }), shellTask(`: >'${at('b')}'`)];
    const without = await runMade(shell, madePlay(two), modules);
    rmSync(at('a'));
    const locked = await start('fourth', two);
    expect(locked.roundTrips).toBe(without.roundTrips);
    expect(locked.report['here']).toMatchObject({ changed: 2, failed: 0 });
  });

  caseOf('decide anew after they waited', async () => {
    const copy = madeTask('copy', { dest: at('f'), content: 'x' });
    const first = start('first', [shellTask(gate(at('gate'))), copy]);
    await reached(at('gate'));
    const events: Event[] = [];
    const second = start('second', [copy, shellTask(`echo second >>'${at('log')}'`)], { events });
    await until('the second waits', () => warnings(events).length > 0);
    open(at('gate'));
    await first;
    const { done } = await second;
    expect(done.map(({ status }) => status)).toEqual(['ok', 'changed']);
  });

  caseOf('wait before they fail with what was read meanwhile', async () => {
    const write = shellTask(`${gate(at('gate'))}; echo a >'${at('f')}'`);
    const first = start('first', [write]);
    await reached(at('gate'));
    const events: Event[] = [];
    const add = madeTask('line', { path: at('f'), line: 'b', create: false });
    const second = start('second', [add], { events });
    await until('the second waits', () => warnings(events).length > 0);
    open(at('gate'));
    await first;
    expect((await second).done.map(({ status }) => status)).toEqual(['changed']);
    expect(readFileSync(at('f'), 'utf8')).toBe('a\nb\n');
  });

  caseOf('decide anew where another run came in between without being met', async () => {
    const copy = madeTask('copy', { dest: at('f'), content: 'x' });
    writeFileSync(at('f'), 'old');
    let other: Promise<unknown> | undefined;
    const { done } = await start('second', [copy], {
      beforeProgram: async () => {
        other ??= start('first', [copy]);
        await other;
      },
    });
    expect(other).toBeDefined();
    expect(done.map(({ status }) => status)).toEqual(['ok']);
  });

  caseOf('have no lock once their tasks are done', async () => {
    let ended = false;
    const until: Task['until'] = {
      ...constant(false),
      source: 'the gate is open',
      evaluate: () => ({ kind: 'value', value: existsSync(`${at('gate')}.open`) }),
    };
    const verify = [madeTask('stat', { path: '/' }, { until, retries: 1000, delay: 0.1 })];
    const first = start('first', [shellTask(`: >'${at('gate')}.reached'`)], { verify }).finally(() => {
      ended = true;
    });
    await reached(at('gate'));
    const second = await start('second', [shellTask(`: >'${at('f')}'`)]);
    expect([second.report['here']?.failed, ended]).toEqual([0, false]);
    open(at('gate'));
    expect((await first).report['here']).toMatchObject({ changed: 1, failed: 0 });
  });

  it('distinguish a holder from a line that is not written yet, and from a process that has ended', () => {
    const asked = ['', '1', '0 0', '$$ 1', '$$ $_s', '4194305 7'];
    const text = `${lockAlive.text}\nstarted $$\n${asked.map((words) => `alive ${words} && echo yes || echo no`).join('\n')}`;
    const [program, ...args] = shell.command;
    expect(runSync(program, [...args, '-c', text]).split('\n')).toEqual(['no', 'no', 'no', 'no', 'yes', 'no', '']);
  });

  caseOf('change a host under two names in one run, and do not wait for themselves', async () => {
    const hosts = [madeHost, { ...madeHost, name: 'alias' }];
    const handlers = [shellTask(`echo handled >>'${at('log')}'`, { name: constant('h') })];
    const write = shellTask(`echo written >>'${at('log')}'; sleep 0.2`, { notify: [constant('h')] });
    for (const more of [{}, { anyErrorsFatal: true }]) {
      const { report } = await start('first', [write], { hosts, handlers, timeout: 0, ...more });
      expect(report).toMatchObject({ here: { changed: 2, failed: 0 }, alias: { changed: 2, failed: 0 } });
    }
  });

  caseOf('do not wait for themselves in a task delegated to this machine', async () => {
    const file = (name: string, more: Partial<Task> = {}): Task =>
      madeTask('copy', { dest: at(name), content: 'x' }, more);
    const tasks = [file('a'), file('b', { delegateTo: constant('localhost') }), file('c')];
    const { report } = await start('first', tasks, { timeout: 0 });
    expect(report['here']).toMatchObject({ changed: 3, failed: 0 });
  });

  caseOf('go on with a warning where the file system has no locks', async () => {
    writeFileSync(at('flock'), '#!/bin/sh\necho "flock: 9: No locks available" >&2\nexit 71\n', { mode: 0o755 });
    const lock = { timeout: 0, run: 'first', who: () => 'first@laptop' };
    const without = { ...shell, path: `${directory}:${shell.path}` };
    const { report, events } = await runMade(without, madePlay([shellTask(':')]), modules, { lock });
    expect(report['here']).toMatchObject({ changed: 1, failed: 0 });
    expect(warnings(events)).toEqual([
      'no lock can be created on the host, so other runs can change it at the same time',
    ]);
  });

  caseOf('are not held up by what a task left in the background', async () => {
    await start('first', [shellTask(`sleep 600 & echo $! >'${at('pid')}'`)]);
    const pid = Number(readFileSync(at('pid'), 'utf8'));
    try {
      const { report } = await start('second', [shellTask(`: >'${at('f')}'`)], { timeout: 0 });
      expect(report['here']).toMatchObject({ changed: 1, failed: 0 });
      expect(runs(pid)).toBe(true);
      expect(readdirSync(`/proc/${pid}/fd`)).not.toContain('9');
    } finally {
      process.kill(pid);
    }
  });
});
