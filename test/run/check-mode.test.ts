import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect } from 'vitest';
import { caseShells, casesUnder } from '../shell/shells.ts';
import { engineRuns } from './engine-runs.ts';
import { madePlay, madeTask } from './made.ts';

const { all, newFile, run } = engineRuns();

describe.each(caseShells(all))('a run under $name', (shell) => {
  const engine = casesUnder(shell);
  let file: string;
  beforeEach(() => {
    file = newFile(shell);
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
});
