import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Content } from '../../src/core/change.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { pause } from '../../src/modules/pause.ts';
import { script } from '../../src/modules/script.ts';
import { converge, inputOf, scratch, shells } from './on-this-machine.ts';

function contentOf(text: string): Content {
  const bytes = Buffer.from(text, 'utf8');
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    ...(bytes.length <= 64 * 1024 ? { bytes } : {}),
    open: async function* () {
      yield bytes;
    },
  };
}

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined)(`script under ${shell.name}`, () => {
    let directory = '';
    const at = (name: string): string => join(directory, name);
    const run = (text: string, args: JsonObject) =>
      converge(
        shell,
        script,
        { stdin_add_newline: true, read_timeout: 10, ...args },
        { locals: { script: contentOf(text) } },
      );
    beforeEach(() => {
      directory = scratch();
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    test('it runs with its arguments, in its directory, under its name, and leaves no file', () => {
      const text = `#!/bin/sh\nprintf %s "$0" >where\nprintf '%s|' "\${0##*/}" "$#" "$@"; pwd; umask; exit 3\n`;
      const done = run(text, { cmd: `scripts/do.it 'a b' '$HOME' ''`, chdir: directory });
      expect(done.first.changes).toMatchObject([
        { title: 'run scripts/do.it a b $HOME', proven: false, act: { free: true } },
      ]);
      expect(done.applied).toEqual([{ code: 3, stdout: `do.it|3|a b|$HOME||${directory}\n0022\n`, stderr: '' }]);
      expect(done.after.changes).toEqual([]);
      const own = dirname(readFileSync(at('where'), 'utf8'));
      expect(own).toMatch(/\/\.heal-[^/]+$/);
      expect(existsSync(own)).toBe(false);
    });

    test('CRLF of a checkout has no effect, and a script without an interpreter line is run with sh', () => {
      expect(run('echo one\r\necho two\r\n', { cmd: 'x.sh' }).applied[0]?.stdout).toBe('one\ntwo\n');
    });

    test('the first line names the interpreter and one argument for it', () => {
      expect(run('#!/usr/bin/env -S awk -f\nBEGIN { print "awk" }\n', { cmd: 'x' }).applied[0]).toMatchObject(
        shell.name.startsWith('busybox') ? {} : { stdout: 'awk\n' },
      );
      expect(run('BEGIN { print "awk" }\n', { cmd: 'x', executable: 'awk -f' }).applied[0]).toMatchObject({
        stdout: 'awk\n',
      });
    });

    test('it reads its standard input', () => {
      expect(run('cat; cat', { cmd: 'x', stdin: "it's $x" }).applied[0]).toEqual({
        code: 0, stdout: "it's $x\n", stderr: '',
      }); // biome-ignore format: a table
      expect(run('cat', { cmd: 'x' }).applied[0]).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    test('creates and removes are checked before the run, and verify the result after it', () => {
      const done = run(`echo >${at('f')}`, { cmd: 'x', creates: at('f') });
      expect([done.first.changes.length, done.after.changes, existsSync(at('f'))]).toEqual([1, [], true]);
      expect(run('exit 1', { cmd: 'x', creates: at('f') }).first).toMatchObject({
        changes: [],
        message: `${at('f')} is there`,
      });
      writeFileSync(at('g'), '');
      expect(run(`rm ${at('g')}`, { cmd: 'x', removes: at('g') }).after.changes).toEqual([]);
    });

    test('a script of more than 64 KiB is rejected', () => {
      expect(run('#'.repeat(70_000), { cmd: 'big.sh' }).first).toMatchObject({
        changes: [],
        failed: 'big.sh has more than 64 KiB',
      });
    });

    test('pause waits, and touches nothing', () => {
      // A `sleep` that does not, but writes down for how long it was to. busybox takes its own whatever PATH says.
      writeFileSync(at('sleep'), `#!/bin/sh\necho "$@" >${at('slept')}\n`, { mode: 0o755 });
      const done = converge({ ...shell, path: `${directory}:${shell.path}` }, pause, { seconds: 1 });
      if (!shell.name.startsWith('busybox')) expect(readFileSync(at('slept'), 'utf8')).toBe('1\n');
      expect(done).toMatchObject({
        first: { changes: [{ title: 'wait for 1 s', touches: [], proven: false }] },
        applied: [{ code: 0 }],
        after: { changes: [] },
      });
    });
  });
}

test('a plan does not wait', () => {
  expect(pause.plan({ minutes: 2 }, {}, inputOf({ checkMode: true }))).toEqual({
    changes: [],
    message: 'a run waits here for 120 s',
  });
  expect(pause.misuse?.({})?.message).toBe('pause needs either seconds or minutes');
});

test('the first argument names the file', () => {
  expect(script.locals({ cmd: `"my script.sh" --x` })).toEqual({ script: { kind: 'file', src: 'my script.sh' } });
});
