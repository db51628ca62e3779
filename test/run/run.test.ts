import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import type { Module } from '../../src/core/module.ts';
import type { Block, Play, Task, Value } from '../../src/core/playbook.ts';
import { defineModule } from '../../src/modules/definition/define.ts';
import { command } from '../../src/probes/command.ts';
import { entry } from '../../src/probes/entry.ts';
import { sh } from '../../src/shell/sh.ts';
import { casesUnder, engineShells, shells } from '../shell/shells.ts';
import { runs, until } from '../until.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

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

const modules: ReadonlyMap<string, Module> = new Map([
  ['down', down],
  ['line-file', lineFile],
  ['free', free],
  ['look', look],
]);

/** Waits until a process is no more. */
const gone = (pid: number): Promise<void> => until(`process ${pid} has ended`, () => !runs(pid));

/** Arguments that need a registered result. */
function needs(name: string, make: (stdout: string) => { readonly [key: string]: Value }): Task['args'] {
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

const directory = mkdtempSync(join(tmpdir(), 'heal-run-'));
const { all, remove } = shells();
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  remove();
});

const run = (shell: (typeof all)[number], play: Play, more: Parameters<typeof runMade>[3] = {}) =>
  runMade(shell, play, modules, more);

describe.each(engineShells(all))('a run under $name', (shell) => {
  const engine = casesUnder(shell);
  let file: string;
  beforeEach(() => {
    file = join(directory, `${shell.name.replace(' ', '-')}-${Math.random()}`);
  });

  it('changes the differences, and nothing the second time, with one round trip for the questions', async () => {
    const play = madePlay([madeTask('line-file', { path: file, text: 'setup' })]);
    const first = await run(shell, play);
    expect(first.report['here']).toMatchObject({
      ok: 1,
      changed: 1,
      failed: 0,
    });
    expect(readFileSync(file, 'utf8')).toBe('setup');
    const second = await run(shell, play);
    expect(second.report['here']).toMatchObject({
      ok: 1,
      changed: 0,
      failed: 0,
    });
    expect(second.roundTrips).toBe(1);
  });

  it('captures stdout, stderr and exit code of a free command separately', async () => {
    const play = madePlay([madeTask('free', { cmd: 'echo out; echo err >&2; exit 3' })]);
    const { done } = await run(shell, play);
    expect(done[0]).toMatchObject({
      status: 'failed',
      result: { rc: 3, stdout: 'out', stderr: 'err' },
    });
  });

  it('limits the output of a command to 1 MiB and reports it', async () => {
    const play = madePlay([madeTask('free', { cmd: 'head -c 3000000 /dev/zero' })]);
    const { done } = await run(shell, play);
    expect(done[0]?.result?.['truncated']).toBe(true);
    expect(String(done[0]?.result?.['stdout']).length).toBe(1048576);
  });

  it('is not delayed by a daemon that keeps the output open', async () => {
    const play = madePlay([madeTask('free', { cmd: `sleep 600 & echo $! >'${file}'; echo started` })]);
    const { done } = await run(shell, play);
    const pid = Number(readFileSync(file, 'utf8'));
    expect(done[0]?.result).toMatchObject({ rc: 0, stdout: 'started' });
    expect(runs(pid)).toBe(true);
    process.kill(pid);
  });

  it('stops a task that takes longer than its timeout, and all that it started', async () => {
    const mark = `${file}.late`;
    const cmd = `(sleep 600; echo late >'${mark}') & echo $! >'${file}'; sleep 600`;
    const { done } = await run(shell, madePlay([madeTask('free', { cmd }, { timeout: 1 })]));
    expect(done[0]).toMatchObject({
      status: 'failed',
      message: `${cmd}: took longer than 1 s and was stopped`,
    });
    await gone(Number(readFileSync(file, 'utf8')));
    expect(() => readFileSync(mark)).toThrow('ENOENT');
  });

  engine('leaves a failed host at the first failure', async () => {
    const play = madePlay([madeTask('free', { cmd: 'exit 1' }), madeTask('line-file', { path: file, text: 'x' })]);
    const { report } = await run(shell, play);
    expect(report['here']).toMatchObject({ ok: 0, failed: 1 });
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  engine('runs a notified handler once, at the end', async () => {
    const handler = madeTask('free', { cmd: `echo handled >>'${file}.log'` }, { name: constant('h') });
    const notify = [constant('h')];
    const play = madePlay(
      [
        madeTask('line-file', { path: file, text: 'a' }, { notify }),
        madeTask('line-file', { path: `${file}2`, text: 'b' }, { notify }),
      ],
      { handlers: [handler] },
    );
    const { report } = await run(shell, play);
    expect(report['here']).toMatchObject({ ok: 3, changed: 3, failed: 0 });
    expect(readFileSync(`${file}.log`, 'utf8')).toBe('handled\n');
    expect((await run(shell, play)).report['here']).toMatchObject({
      ok: 2,
      changed: 0,
    });
  });

  engine('changes nothing in check mode and predicts the same changes', async () => {
    const play = madePlay([madeTask('line-file', { path: file, text: 'setup' })]);
    const { report } = await run(shell, play, { check: true });
    expect(report['here']).toMatchObject({ ok: 1, changed: 1 });
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  engine(
    'in check mode applies a task that says check_mode: false, and in a run only plans one that says true',
    async () => {
      const other = `${file}.other`;
      const play = madePlay([
        madeTask('line-file', { path: file, text: 'setup' }, { checkMode: false }),
        madeTask('line-file', { path: other, text: 'setup' }, { checkMode: true }),
        madeTask('line-file', { path: `${file}.third`, text: 'setup' }),
      ]);
      const planned = await run(shell, play, { check: true });
      expect(planned.report['here']).toMatchObject({ changed: 3, failed: 0 });
      expect(readFileSync(file, 'utf8')).toContain('setup');
      expect(existsSync(`${file}.third`)).toBe(false);
      await run(shell, play);
      expect(existsSync(other)).toBe(false);
      expect(existsSync(`${file}.third`)).toBe(true);
    },
  );

  engine('in a run, a task that is only planned has no effect on the tasks after it', async () => {
    const play = madePlay([
      madeTask('free', { cmd: 'exit 1' }, { checkMode: true }),
      madeTask('line-file', { path: file, text: 'setup' }, { checkMode: true }),
      madeTask('line-file', { path: file, text: 'setup' }),
    ]);
    const { done } = await run(shell, play);
    expect(done.map(({ status }) => status)).toEqual(['changed', 'changed', 'changed']);
    expect(readFileSync(file, 'utf8')).toContain('setup');
  });

  engine('reports two tasks that undo each other, with both names', async () => {
    const play = madePlay([
      madeTask('line-file', { path: file, text: 'one' }),
      madeTask('line-file', { path: file, text: 'other' }),
    ]);
    const { done, report } = await run(shell, play);
    expect(report['here']).toMatchObject({ changed: 2, failed: 1 });
    expect(done.at(-1)?.message).toContain('reverted by "["line-file"');
  });

  engine('what the always of a block undoes of its tasks is meant to be undone', async () => {
    const block = { id: 'b', at: madeTask('free', {}).at };
    const line = (text: string, part: 'block' | 'always'): Task =>
      madeTask('line-file', { path: file, text }, { blocks: [{ block, part }] });
    const { done, report } = await run(shell, madePlay([line('one', 'block'), line('other', 'always')]));
    expect([report['here'], done.length]).toMatchObject([{ changed: 2, failed: 0 }, 2]);
    const twice = await run(shell, madePlay([line('one', 'block'), line('other', 'block')]));
    expect(twice.report['here']).toMatchObject({ changed: 2, failed: 1 });
  });

  engine('waits for what the host itself mends again', async () => {
    const upset = `cp '${file}' '${file}.kept'; : >'${file}'; (sleep 1.5; cat '${file}.kept' >'${file}') >/dev/null 2>&1 &`;
    const play = madePlay([madeTask('line-file', { path: file, text: 'one' }), madeTask('free', { cmd: upset })]);
    const { report } = await run(shell, play);
    expect(report['here']).toMatchObject({ changed: 2, failed: 0 });
  });

  engine('asks a chain of three results in three round trips, and unrelated tasks in none of their own', async () => {
    const others = Array.from({ length: 20 }, (_, n) => madeTask('look', { cmd: `echo ${n}` }));
    writeFileSync(file, 'four');
    const play = madePlay([
      ...others.slice(0, 10),
      madeTask('look', { cmd: 'echo one' }, { register: 'a' }),
      madeTask('look', {}, { args: needs('a', (a) => ({ cmd: `echo ${a} two` })), register: 'b' }),
      madeTask(
        'look',
        {},
        {
          args: needs('b', (b) => ({ cmd: `echo ${b} three` })),
          register: 'c',
        },
      ),
      madeTask('line-file', {}, { args: needs('c', (c) => ({ path: file, text: c.slice(0, 4) })) }),
      ...others.slice(10),
    ]);
    const { report, roundTrips, done } = await run(shell, play);
    expect(report['here']).toMatchObject({ ok: 24, changed: 0, failed: 0 });
    expect(done[12]?.result).toMatchObject({ stdout: 'one two three' });
    expect(roundTrips).toBe(4);
  });

  engine('asks again what a change may have altered, in the round trip of the change', async () => {
    const play = madePlay([
      madeTask('look', { cmd: `cat '${file}' 2>/dev/null || echo none` }),
      madeTask('line-file', { path: file, text: 'new' }),
      madeTask('look', { cmd: `cat '${file}'` }),
    ]);
    const { done, roundTrips } = await run(shell, play);
    expect(done.map((event) => event.result?.['stdout'])).toEqual(['none', undefined, 'new']);
    expect(roundTrips).toBe(2);
  });

  engine(
    'decides once more where somebody changed a file between asking and applying, and then leaves it',
    async () => {
      const play = madePlay([madeTask('line-file', { path: file, text: 'mine' })]);
      let meddled = 0;
      const meddle = (): void => {
        meddled += 1;
        writeFileSync(file, `theirs ${'x'.repeat(meddled)}`);
      };
      const { done } = await run(shell, play, { beforeProgram: meddle });
      expect(done[0]).toMatchObject({
        status: 'failed',
        message: 'changed since it was read: somebody else is changing it at the same time',
      });
      expect(readFileSync(file, 'utf8')).toMatch(/^theirs/);
    },
  );

  it('reports a path without search permission as denied, never as absent', async () => {
    const inside = join(directory, `locked-${Math.random()}`);
    mkdirSync(inside, { mode: 0o700 });
    const play = madePlay([
      madeTask('line-file', { path: `${inside}/x`, text: 'a' }, { becomeUser: constant('nobody') }),
    ]);
    const { done } = await run(shell, play);
    expect(done[0]).toMatchObject({ status: 'failed' });
    expect(done[0]?.message).toMatch(/permission denied/);
  });

  it('stops the programs on the host when it is interrupted', async () => {
    const mark = `${file}.mark`;
    const interrupt = new AbortController();
    const cmd = `(sleep 600; echo late >'${mark}') & echo $! >'${file}'; wait`;
    const going = run(shell, madePlay([madeTask('free', { cmd })]), {
      signal: interrupt.signal,
    });
    going.catch(() => undefined);
    await until('it has begun', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
    interrupt.abort(new Error('interrupted'));
    await expect(going).rejects.toThrow('interrupted');
    await gone(Number(readFileSync(file, 'utf8')));
    expect(existsSync(mark)).toBe(false);
  });

  engine('runs a handler that a broken-off run left pending, once, and none whose change never landed', async () => {
    const handler = madeTask('free', { cmd: `echo handled >>'${file}.log'` }, { name: constant('h') });
    const play = madePlay([madeTask('line-file', { path: file, text: 'a' }, { notify: [constant('h')] })], {
      handlers: [handler],
    });
    const cut = (when: string) => (text: string) => {
      if (text.includes(when)) throw new HealError('unreachable', 'the line broke');
    };
    expect((await run(shell, play, { beforeProgram: cut('printf %s') })).report['here']).toMatchObject({
      unreachable: 1,
    });
    expect(existsSync(`${file}.log`)).toBe(false);
    expect((await run(shell, play, { beforeProgram: cut("eval 'echo handled") })).report['here']).toMatchObject({
      unreachable: 1,
    });
    expect(readFileSync(file, 'utf8')).toBe('a');
    expect(existsSync(`${file}.log`)).toBe(false);
    const next = await run(shell, play);
    expect(next.report['here']).toMatchObject({ changed: 1, failed: 0 });
    expect(readFileSync(`${file}.log`, 'utf8')).toBe('handled\n');
    await run(shell, play);
    expect(readFileSync(`${file}.log`, 'utf8')).toBe('handled\n');
    expect(next.events.filter((event) => event.type === 'warning')).toEqual([]);
  });

  engine(
    'fails where a host that was told to go down is still the same boot, and never takes the control node down',
    async () => {
      const stays = await run(shell, madePlay([madeTask('down', {})]));
      expect(stays.done[0]).toMatchObject({ status: 'failed', message: 'the host has not gone down in 1 s' });
      const here = await run(shell, madePlay([madeTask('down', {}, { delegateTo: constant('localhost') })]));
      expect(here.done[0]).toMatchObject({ status: 'failed', message: 'that would take the control node down' });
    },
  );

  engine('runs what is around a task whose line breaks, on a line made anew', async () => {
    const block: Block = { id: 'b', at: { file: 'made.yml', line: 1, column: 1 } };
    let broke = 0;
    const play = madePlay([
      madeTask('line-file', { path: `${file}a`, text: 'a' }, { blocks: [{ block, part: 'block' }] }),
      madeTask('line-file', { path: `${file}b`, text: 'b' }, { blocks: [{ block, part: 'rescue' }] }),
      madeTask('line-file', { path: `${file}c`, text: 'c' }, { blocks: [{ block, part: 'always' }] }),
    ]);
    const { report } = await run(shell, play, {
      beforeProgram: (text) => {
        if (!text.includes('printf %s') || broke > 0) return;
        broke += 1;
        throw new HealError('unreachable', 'the line broke');
      },
    });
    expect(broke).toBe(1);
    expect(report['here']).toMatchObject({ ok: 2, changed: 2, rescued: 1, failed: 0, unreachable: 0 });
    expect([existsSync(`${file}a`), existsSync(`${file}b`), existsSync(`${file}c`)]).toEqual([false, true, true]);
  });

  engine('does on the control node what is delegated to it, between the tasks of the host', async () => {
    const delegateTo = constant('localhost');
    const play = madePlay([
      madeTask('line-file', { path: `${file}a`, text: 'a' }),
      madeTask('look', { cmd: `cat '${file}a'` }, { delegateTo, register: 'seen' }),
      madeTask('line-file', {}, { args: needs('seen', (seen) => ({ path: `${file}b`, text: `${seen}b` })) }),
      madeTask('free', { cmd: 'exit 4' }, { delegateTo }),
    ]);
    const { report, done, roundTrips } = await run(shell, play);
    expect(readFileSync(`${file}b`, 'utf8')).toBe('ab');
    expect(report['here']).toMatchObject({ ok: 3, changed: 2, failed: 1 });
    expect(done[3]?.result).toMatchObject({ rc: 4 });
    // The host's own: ask, apply, ask and apply.
    expect(roundTrips).toBeLessThanOrEqual(4);
  });
});
