import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Task } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { engineShells, shells } from '../shell/shells.ts';
import { madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const { all, remove } = shells();
afterAll(remove);

describe.each(engineShells(all))('edits that build on each other under $name', (shell) => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-edits-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const run = async (tasks: readonly Task[], check: boolean) => {
    const { done, roundTrips } = await runMade(shell, madePlay(tasks), modules, { check });
    return { statuses: done.map(({ status }) => status), roundTrips };
  };

  it('are predicted by the plan, and applied once', async () => {
    const at = (name: string): string => join(directory, name);
    const tasks = [
      madeTask('copy', { dest: at('f'), content: '## Duty\nold\n\n## Other\n', force: false }),
      madeTask('block', { path: at('f'), block: '## Duty\n\n- new\n', adopt: 'section', marker: '<!-- {mark} -->' }),
      madeTask('line', { path: at('f'), line: 'last' }),
      madeTask('replace', { path: at('f'), regexp: '^## Other$', replace: '## Others' }),
      madeTask('json', { path: at('j'), create: true, merge: { a: { b: 1 } } }),
      madeTask('json', { path: at('j'), set: [{ path: 'a.c[0]', value: 'x' }] }),
      madeTask('yaml', { path: at('y'), create: true, merge: { a: [1] }, lists: 'append_unique' }),
      madeTask('link', { path: at('l'), src: 'y' }),
      madeTask('yaml', { path: at('l'), merge: { a: [2] }, lists: 'append_unique' }),
    ];
    const planned = await run(tasks, true);
    expect(planned.statuses).toEqual(tasks.map(() => 'changed'));
    expect(readdirSync(directory)).toEqual([]);

    const made = await run(tasks, false);
    expect(made.statuses).toEqual(tasks.map(() => 'changed'));
    expect(readFileSync(at('f'), 'utf8')).toBe('<!-- BEGIN -->\n## Duty\n\n- new\n<!-- END -->\n\n## Others\nlast\n');
    expect(readFileSync(at('j'), 'utf8')).toBe('{\n  "a": {\n    "b": 1,\n    "c": [\n      "x"\n    ]\n  }\n}\n');
    expect([readFileSync(at('y'), 'utf8'), readlinkSync(at('l'))]).toEqual(['a:\n  - 1\n  - 2\n', 'y']);

    const again = await run(tasks, false);
    expect(again.statuses).toEqual(tasks.map(() => 'ok'));
    expect(again.roundTrips).toBe(1);
  });
});
