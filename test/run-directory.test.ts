import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, runChild } from './child.ts';
import { identify } from './lab/process-identity.ts';
import { mountsBelow } from './run-directory.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Tests that leave directories behind, one of which ends its own worker. */
const files: Readonly<Record<string, string>> = {
  'forgets.test.ts': `
    import { mkdtempSync, readdirSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    test('a directory is not removed', () => {
      mkdtempSync(join(tmpdir(), 'forgotten-'));
      expect(readdirSync(tmpdir()).join()).toContain('forgotten-');
    });`,
  'killed.test.ts': `
    import { mkdtempSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    import { removeWithRun } from ${JSON.stringify(here('run-directory.ts'))};
    test('the worker is killed', () => {
      mkdtempSync(join(tmpdir(), 'killed-'));
      removeWithRun(mkdtempSync(join(process.cwd(), 'outside-')));
      if (process.env.KILL_RUN) process.kill(process.ppid, 'SIGKILL');
      process.kill(process.pid, 'SIGKILL');
    });`,
  'setup.ts': `
    import { makeRunDirectory } from ${JSON.stringify(here('run-directory.ts'))};
    import { watchWorkers } from ${JSON.stringify(here('watch.ts'))};
    export default ({ tmpDir }) => {
      makeRunDirectory(tmpDir);
      return watchWorkers();
    };`,
  'vitest.config.mjs': `export default {
    test: {
      globals: true, globalSetup: './setup.ts', setupFiles: ${JSON.stringify(here('watched.ts'))}, maxWorkers: 1,
      projects: ['forgets', 'killed'].map((name) => ({ extends: true, test: { name, include: [name + '.test.ts'] } })),
    },
  };`,
};

describe('the directory of a run', () => {
  let directory = '';
  let temporary = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-leaves-'));
    temporary = join(directory, 'tmp');
    for (const name of ['tmp', 'node_modules']) mkdirSync(join(directory, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** What is left in the directory for temporary files, and of the directories elsewhere. */
  const left = (): string[] => [
    ...readdirSync(temporary),
    ...readdirSync(directory).filter((name) => name.startsWith('outside-')),
  ];
  const run = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> =>
    runChild(process.execPath, [here('../node_modules/vitest/vitest.mjs'), 'run', '--root', directory, ...args], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory, TMPDIR: temporary, NO_COLOR: '1', ...env },
    });

  test('is removed with all files that tests left in it, also when a worker was killed', async () => {
    const { code, stdout } = await run({});
    expect(stdout).toContain('✓ |forgets| forgets.test.ts');
    expect(stdout).toMatch(/Test Files {2}1 passed \(2\)/);
    expect([code, left()]).toEqual([1, []]);
  });

  test('is removed by the next run when the whole run was killed; the directory of a running one is kept', async () => {
    const killed = await run({ KILL_RUN: '1' }, '--project', 'killed');
    expect(killed.code).toBe(null);
    // Its own, and the one that the test made elsewhere. Vitest keeps transformed files in one or more besides.
    const kinds = [/^heal-test-\d+-\d+$/, /^outside-/];
    expect(kinds.map((kind) => left().filter((name) => kind.test(name)).length)).toEqual([1, 1]);
    const { pid, started } = identify(process.pid) ?? {};
    const living = `heal-test-${pid}-${started}`;
    // Its number is used again, by a process that started later.
    const earlier = `heal-test-${pid}-1`;
    for (const name of [living, earlier]) mkdirSync(join(temporary, name));
    await run({}, '--project', 'forgets');
    expect(left()).toEqual([living]);
  });
});

test('a directory that contains a mount point is recognized', () => {
  const info = [
    '21 1 254:0 / / rw,relatime - ext4 /dev/root rw',
    '30 21 0:26 / /tmp/heal-test-1-1/a\\040b rw shared:5 - tmpfs tmpfs rw',
    '31 21 0:27 / /tmp/heal-test-1-10 rw - tmpfs tmpfs rw',
    '',
  ].join('\n');
  expect(mountsBelow('/tmp/heal-test-1-1', info)).toEqual(['/tmp/heal-test-1-1/a b']);
  expect(mountsBelow('/tmp/heal-test-1-10', info)).toEqual(['/tmp/heal-test-1-10']);
  expect(mountsBelow('/tmp/heal-test-1-2', info)).toEqual([]);
});
