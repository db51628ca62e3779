import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Value } from '../../src/core/playbook.ts';
import { Secret } from '../../src/core/secret.ts';
import { modules } from '../../src/modules/registry.ts';
import { jsonReporter } from '../../src/report/json.ts';
import { plainReporter } from '../../src/report/plain.ts';
import { look } from '../report/look.ts';
import { shells } from '../shell/shells.ts';
import { madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

const [oldToken, newToken] = ['OLD-token-1111', 'NEW-token-2222'];
const { all, remove } = shells();
afterAll(remove);
const [shell] = all;
if (shell === undefined) throw new Error('this machine has no shell');

describe('a secret that replaces another', () => {
  let file = '';
  beforeEach(() => {
    file = join(mkdtempSync(join(tmpdir(), 'heal-secret-diff-')), 'f');
  });
  afterEach(() => rmSync(join(file, '..'), { recursive: true, force: true }));

  const token = new Secret(`token=${newToken}`);
  const cases: readonly (readonly [string, string, { readonly [key: string]: Value }])[] = [
    ['copy', `token=${oldToken}\n`, { content: new Secret(`token=${newToken}\n`) }],
    ['line', `a\ntoken=${oldToken}\n`, { regexp: '^token=', line: token }],
    ['replace', `token=${oldToken}\n`, { regexp: 'token=.*', replace: token }],
    ['block', `# BEGIN heal\ntoken=${oldToken}\n# END heal\n`, { block: token, marker: '# {mark} heal' }],
    ['json', `{"token":"${oldToken}"}\n`, { merge: { token: new Secret(newToken) } }],
    ['yaml', `token: ${oldToken}\n`, { set: [{ path: 'token', value: new Secret(newToken) }] }],
  ];

  it.each(cases)('is shown by no diff of %s, neither the new nor the old one', async (module, before, args) => {
    const play = madePlay([madeTask(module, { [module === 'copy' ? 'dest' : 'path']: file, ...args })]);
    for (const check of [true, false]) {
      writeFileSync(file, before);
      const { events, done } = await runMade(shell, play, modules, { check });
      expect(done[0]?.status).toBe('changed');
      const out: string[] = [];
      const shown = look({ diff: true, verbose: 3 }, newToken, `token=${newToken}`);
      const reporters = [
        plainReporter(shown, (text) => out.push(text)),
        jsonReporter(shown.clean, true, (text) => out.push(text)),
      ];
      for (const reporter of reporters) {
        for (const event of events) reporter.emit(event);
        await reporter.close();
      }
      const text = out.join('');
      expect(text.match(/\(not shown: it contains a secret\)/g)?.length).toBe(2);
      expect(text).not.toContain(oldToken);
      expect(text).not.toContain(newToken);
    }
    expect(readFileSync(file, 'utf8')).toContain(newToken);
  });

  it('does not change the diff of a task without secrets', async () => {
    writeFileSync(file, 'old\n');
    const { done } = await runMade(shell, madePlay([madeTask('copy', { dest: file, content: 'new\n' })]), modules);
    expect(done[0]?.changes[0]?.diff).toMatchObject({ before: 'old\n', after: 'new\n' });
  });
});
