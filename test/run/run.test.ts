import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Task } from '../../src/core/playbook.ts';
import { casesUnder, engineShells } from '../shell/shells.ts';
import { engineRuns } from './engine-runs.ts';
import { constant, madePlay, madeTask } from './made.ts';
import { needs } from './made-modules.ts';

const { all, newFile, run } = engineRuns();

describe.each(engineShells(all))('a run under $name', (shell) => {
  const engine = casesUnder(shell);
  let file: string;
  beforeEach(() => {
    file = newFile(shell);
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

  engine('reports two tasks that undo each other, with both names', async () => {
    const play = madePlay([
      madeTask('line-file', { path: file, text: 'one' }),
      madeTask('line-file', { path: file, text: 'other' }),
    ]);
    const { done, report } = await run(shell, play, { recheckPause: 50 });
    expect(report['here']).toMatchObject({ changed: 2, failed: 1 });
    expect(done.at(-1)?.message).toContain('reverted by "["line-file"');
  });

  engine('the always and the rescue of a block may undo its tasks', async () => {
    const block = { id: 'b', at: madeTask('free', {}).at };
    const line = (text: string, part: 'block' | 'always' | 'rescue'): Task =>
      madeTask('line-file', { path: file, text }, { blocks: [{ block, part }] });
    const { done, report } = await run(shell, madePlay([line('one', 'block'), line('other', 'always')]));
    expect([report['here'], done.length]).toMatchObject([{ changed: 2, failed: 0 }, 2]);
    const fails = madeTask('free', { cmd: 'exit 3' }, { blocks: [{ block, part: 'block' }] });
    const rescued = await run(shell, madePlay([line('one', 'block'), fails, line('third', 'rescue')]));
    expect(rescued.report['here']).toMatchObject({ changed: 2, failed: 0, rescued: 1 });
    const twice = await run(shell, madePlay([line('one', 'block'), line('other', 'block')]), { recheckPause: 50 });
    expect(twice.report['here']).toMatchObject({ changed: 2, failed: 1 });
  });

  engine('waits for what the host itself mends again', async () => {
    const upset = `cp '${file}' '${file}.kept'; : >'${file}'; (sleep 1.5; cat '${file}.kept' >'${file}') >/dev/null 2>&1 &`;
    const play = madePlay([madeTask('line-file', { path: file, text: 'one' }), madeTask('free', { cmd: upset })]);
    const { report } = await run(shell, play);
    expect(report['here']).toMatchObject({ changed: 2, failed: 0 });
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
