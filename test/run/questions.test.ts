import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { casesUnder, engineShells } from '../shell/shells.ts';
import { engineRuns } from './engine-runs.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { needs } from './made-modules.ts';

const { all, directory, newFile, run } = engineRuns();

describe.each(engineShells(all))('a run under $name', (shell) => {
  const engine = casesUnder(shell);
  let file: string;
  beforeEach(() => {
    file = newFile(shell);
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

  engine('reads a state that changes while it is read at most three times', async () => {
    for (const [enough, status, times] of [
      [2, 'ok', 2],
      [3, 'ok', 3],
      [4, 'failed', 3],
    ] as const) {
      for (const check of [false, true]) {
        const path = newFile(shell);
        const { done } = await run(shell, madePlay([madeTask('inconsistent', { path, enough })]), { check });
        expect(done.map((event) => event.status)).toEqual([status]);
        expect(readFileSync(path, 'utf8')).toBe('\n'.repeat(times));
      }
    }
  });

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
});
