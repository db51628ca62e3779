import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Play, Task } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { lockAlive } from '../../src/shell/run-lock.ts';
import { runSync } from '../child.ts';
import { directoryWith, healEntry, startHeal } from '../cli/built.ts';
import { casesUnder, engineShells, shells } from '../shell/shells.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';
import { runs, until } from '../until.ts';
import { constant, madeHost, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const { all, remove } = shells();
afterAll(remove);

/** Lets a command of a task wait for the test; it ends with the test in any case. */
const gate = (file: string): string => `: >'${file}.reached'; until [ -e '${file}.open' ]; do sleep 0.05; done`;
const open = (file: string): void => writeFileSync(`${file}.open`, '');
const reached = (file: string): Promise<void> => until(`${file} is reached`, () => existsSync(`${file}.reached`));

describe.each(engineShells(all))('two runs that change a host at once under $name', (shell) => {
  const caseOf = casesUnder(shell);
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-lock-'));
  });
  afterEach(() => {
    // Whatever still waits for a gate goes on.
    for (const name of ['gate', 'other']) if (existsSync(directory)) open(at(name));
    rmSync(directory, { recursive: true, force: true });
  });
  const at = (name: string): string => join(directory, name);
  const log = (): string => readFileSync(at('log'), 'utf8');
  const shellTask = (cmd: string, more: Partial<Task> = {}): Task => madeTask('shell', { cmd }, more);
  const start = (
    who: string,
    tasks: readonly Task[],
    more: Parameters<typeof runMade>[3] &
      Partial<Pick<Play, 'handlers' | 'verify' | 'anyErrorsFatal'>> & { readonly timeout?: number } = {},
  ) => {
    const { handlers = [], verify = [], timeout = 100, anyErrorsFatal, ...rest } = more;
    const lock = { timeout, run: `${who}-${directory}`, who: () => `${who}@laptop` };
    return runMade(
      shell,
      madePlay(tasks, { handlers, verify, ...(anyErrorsFatal === undefined ? {} : { anyErrorsFatal }) }),
      modules,
      { lock, ...rest },
    );
  };
  const warnings = (events: readonly Event[]): string[] =>
    events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

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

  caseOf('do not take their own handlers for another run', async () => {
    const handlers = [shellTask(`: >'${at('b')}'`, { name: constant('h') })];
    const copy = madeTask('copy', { dest: at('a'), content: 'a' }, { notify: [constant('h')] });
    const without = await runMade(shell, madePlay([copy], { handlers }), modules);
    rmSync(at('a'));
    const locked = await start('first', [copy], { handlers });
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

  caseOf('run a pending handler once', async () => {
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

describe.skipIf(noSshd !== undefined)('a run that is killed', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => {
    sshd?.stop();
  });

  it('releases the lock for the run that waits', async () => {
    const { port, key, knownHosts, directory } = sshd;
    const [started, done] = [join(directory, 'started'), join(directory, 'done')];
    const project = directoryWith({
      'inventory/hosts.yml': `all:\n  vars: { identity_file: ${key}, known_hosts_file: ${knownHosts} }\n  hosts:\n    jack4: { address: 127.0.0.1, port: ${port} }\n`,
      'tasks/long.yml': `- name: Long\n  hosts: all\n  tasks:\n    - { name: It takes long, shell: "echo $$ >${started}; sleep 600" }\n`,
      'tasks/short.yml': `- name: Short\n  hosts: all\n  tasks:\n    - { name: It is short, shell: ": >${done}" }\n`,
    });
    const long = startHeal(healEntry, ['run', 'long'], { cwd: project });
    await until('the first works', () => existsSync(started) && readFileSync(started, 'utf8').endsWith('\n'));
    let said = '';
    const short = startHeal(healEntry, ['run', 'short'], {
      cwd: project,
      onOutput: (text) => {
        said += text;
      },
    });
    await until('the second waits', () => said.includes('waiting for another run'));
    expect(said).toMatch(
      /jack4: waiting for another run that is changing this host: \S+@\S+, process \d+: heal run long, since 20\S+Z \(process \d+ on the host\)\n/,
    );
    const at0 = await startHeal(healEntry, ['run', 'short', '--lock-timeout', '0'], { cwd: project }).done;
    expect([at0.code, at0.stdout]).toEqual([2, expect.stringContaining('another run is changing this host: ')]);
    const wrong = await startHeal(healEntry, ['run', 'short', '--lock-timeout', 'soon'], { cwd: project }).done;
    expect([wrong.code, wrong.stderr]).toEqual([
      5,
      'error: --lock-timeout takes seconds from 0 to 86400, not "soon"\nhint: for example: --lock-timeout 60\n',
    ]);
    expect(existsSync(done)).toBe(false);
    long.kill('SIGKILL');
    await long.done;
    const { code, stdout } = await short.done;
    expect([code, stdout]).toEqual([0, expect.stringContaining('changed=1')]);
    expect(runs(Number(readFileSync(started, 'utf8')))).toBe(false);
  });
});
