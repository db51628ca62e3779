import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ended, runChild } from './child.ts';
import { runs } from './until.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const starter = 'node:child_process';
/** Writes down the process that is waited for. */
const sleeps = `sleep 600 & echo $! >`;
/** A run that hangs in every way that a test can, and a test beside them that is good. */
const files: Readonly<Record<string, string>> = {
  'awaits.test.ts': `test('a promise that never settles', () => new Promise(() => {}));`,
  'blocks.test.ts': `
    import { spawnSync } from '${starter}';
    test('fine before it', () => {});
    test('a program that blocks', () => {
      spawnSync('sh', ['-c', '${sleeps}blocks.pid; wait']);
    });`,
  'hook.test.ts': `
    beforeEach(() => new Promise(() => {}));
    test('a hook that never ends', () => {});`,
  'deaf.test.ts': `
    import { runChild } from ${JSON.stringify(here('child.ts'))};
    test('a program that is deaf to SIGTERM', async () => {
      await runChild('sh', ['-c', 'trap "" TERM; ${sleeps}deaf.pid; echo I am deaf; wait'], { limitMs: 1000 });
    });`,
  'good.test.ts': `test('one that is good', () => {});`,
  'setup.ts': `
    import { makeRunDirectory } from ${JSON.stringify(here('run-directory.ts'))};
    import { watchWorkers } from ${JSON.stringify(here('watch.ts'))};
    export default ({ tmpDir }) => {
      makeRunDirectory(tmpDir);
      return watchWorkers();
    };`,
  'vitest.config.mjs': `export default {
    test: {
      globals: true, include: ['*.test.ts'], globalSetup: './setup.ts', setupFiles: ${JSON.stringify(here('watched.ts'))},
      testTimeout: 3000, hookTimeout: 3000, maxWorkers: 2, isolate: false,
    },
  };`,
};

let directory = '';
let ended: Ended;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'heal-hanging-'));
  mkdirSync(join(directory, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const vitest = here('../node_modules/vitest/vitest.mjs');
  const env = { PATH: process.env['PATH'], HOME: directory, TMPDIR: tmpdir(), HEAL_BLOCKED_MS: '5000', NO_COLOR: '1' };
  ended = await runChild(process.execPath, [vitest, 'run', '--root', directory], { cwd: directory, env });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each([
  [
    'a promise that never settles',
    'FAIL  awaits.test.ts > a promise that never settles\nError: Test timed out in 3000ms',
  ],
  ['a hook that never ends', 'FAIL  hook.test.ts > a hook that never ends\nError: Hook timed out in 3000ms'],
  ['a program that is deaf to SIGTERM', 'FAIL  deaf.test.ts > a program that is deaf to SIGTERM\nError: sh -c trap'],
  ['what it printed', 'did not end within 1 s and was killed; it printed:\nI am deaf\n'],
  ['a program that blocks', 'BLOCKED for 5 s, so its worker'],
  ['the test that it blocks', 'was ended: blocks.test.ts > a program that blocks\n'],
])('a run names %s', (_name, text) => {
  expect(`${ended.stdout}${ended.stderr}`).toContain(text);
});

test('a run goes on after each of them, and fails in the end', () => {
  expect(ended.stdout).toContain('✓ good.test.ts');
  expect(ended.stdout).toMatch(/Test Files {2}3 failed \| 1 passed \(5\)/);
  expect(ended.code).toBe(1);
});

test('what the tests waited for is ended with them', () => {
  const pids = ['blocks.pid', 'deaf.pid'].map((name) => Number(readFileSync(join(directory, name), 'utf8')));
  expect(pids.map((pid) => [pid > 1, runs(pid)])).toEqual([
    [true, false],
    [true, false],
  ]);
});
