import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { engineShells } from '../shell/shells.ts';
import { runs, until } from '../until.ts';
import { engineRuns, gone } from './engine-runs.ts';
import { madePlay, madeTask } from './made.ts';

const { all, newFile, run } = engineRuns();

describe.each(engineShells(all))('a run under $name', (shell) => {
  let file: string;
  beforeEach(() => {
    file = newFile(shell);
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
});
