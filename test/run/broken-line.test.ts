import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect } from 'vitest';
import { HealError } from '../../src/core/errors.ts';
import type { Block } from '../../src/core/playbook.ts';
import { caseShells, casesUnder } from '../shell/shells.ts';
import { engineRuns } from './engine-runs.ts';
import { constant, madePlay, madeTask } from './made.ts';

const { all, newFile, run } = engineRuns();

describe.each(caseShells(all))('a run under $name', (shell) => {
  const engine = casesUnder(shell);
  let file: string;
  beforeEach(() => {
    file = newFile(shell);
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
});
