import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptSync, runChild, runSync, startChild } from './child.ts';
import { runs, until } from './until.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-child-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Run = (script: string, file: string, limitMs: number) => Promise<unknown>;
const ways: readonly (readonly [string, Run])[] = [
  ['runChild', (script, file, limitMs) => runChild('sh', ['-c', script, file], { limitMs })],
  ['startChild', (script, file, limitMs) => startChild('sh', ['-c', script, file], { limitMs }).ended],
  ['attemptSync', async (script, file, limitMs) => attemptSync('sh', ['-c', script, file], { limitMs })],
  ['runSync', async (script, file, limitMs) => runSync('sh', ['-c', script, file], { limitMs })],
];

// Each of these scripts writes down whom it started, and itself, before it says that it has begun.
const begun = 'echo first; echo begun; echo oops >&2';
const scripts: readonly (readonly [string, string])[] = [
  ['that takes too long', `sleep 600 & echo $$ $! >"$0"; ${begun}; wait`],
  ['that is deaf to SIGTERM', `trap '' TERM HUP INT; sleep 600 & echo $$ $! >"$0"; ${begun}; wait; wait`],
  ['whose grandchild holds its output open', `sh -c 'sleep 600 & echo $PPID $$ $! >"$0"' "$0"; ${begun}`],
];

describe.each(ways)('%s', (name, run) => {
  test.each(scripts)('ends a program %s at its limit, with all that it started', async (title, script) => {
    const file = join(directory, `${name} ${title}`);
    const command = `sh -c ${script} ${file}`;
    let said = '';
    // A machine that is busy may not even have begun by then.
    for (let limitMs = 300; !(said.includes('begun') && said.includes('oops')) && limitMs < 30_000; limitMs *= 3) {
      const message = await run(script, file, limitMs).then(() => 'it ended', String);
      expect(message).toContain(
        `Error: ${command} did not end within ${limitMs / 1000} s and was killed; it printed:\n`,
      );
      said = message.split(' it printed:\n')[1] ?? '';
    }
    expect(said.split('\n').toSorted()).toEqual(['begun', 'first', 'oops']);
    const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number);
    expect(pids.length).toBeGreaterThan(1);
    await until('all of them have ended', () => !pids.some(runs));
  });

  test('reports that there is no such program', async () => {
    const none = join(directory, 'none');
    const start = name.endsWith('Sync')
      ? () => Promise.resolve().then(() => (name === 'runSync' ? runSync : attemptSync)(none, []))
      : () => runChild(none, []);
    await expect(start()).rejects.toThrow('ENOENT');
  });
});

test('the last lines of output are in the error, not all of them', () => {
  expect(() => runSync('sh', ['-c', 'seq 100; exit 7'])).toThrow(
    `sh -c seq 100; exit 7 ended with 7; it printed:\n${Array.from({ length: 60 }, (_, n) => n + 41).join('\n')}`,
  );
});

test('runChild passes on output when it arrives, and signals', async () => {
  const script = "trap 'echo bye; exit 3' TERM; echo ü; while :; do sleep 0.1; done";
  let heard = '';
  const ended = await runChild('sh', ['-c', script], {
    onOutput: (text, kill) => {
      heard += text;
      if (text.includes('ü')) kill('SIGTERM');
    },
  });
  expect([ended, heard]).toEqual([{ code: 3, stdout: 'ü\nbye\n', stderr: '' }, 'ü\nbye\n']);
});

test('startChild gives the first line, and stop ends all', async () => {
  const child = startChild('sh', ['-c', "trap '' TERM; sleep 600 & echo $!; wait"]);
  const pid = Number(await child.firstLine);
  expect([runs(pid), runs(child.pid)]).toEqual([true, true]);
  await child.stop();
  await until('both have ended', () => !runs(pid) && !runs(child.pid));
});

test('startChild reports how a program ended that printed no line', async () => {
  const { firstLine } = startChild('sh', ['-c', 'echo no luck >&2; exit 4']);
  await expect(firstLine).rejects.toThrow('sh -c echo no luck >&2; exit 4 ended with 4; it printed:\nno luck');
});

test('attemptSync gives input, or none, and accepts any exit code', () => {
  expect(attemptSync('sh', ['-c', 'cat; exit 5'], { input: 'given' })).toMatchObject({
    code: 5,
    stdout: Buffer.from('given'),
  });
  expect(runSync('cat', [])).toBe('');
});
