import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { command } from '../../src/modules/command.ts';
import { shellWords } from '../../src/modules/commands/shell-words.ts';
import { process as strays } from '../../src/modules/process.ts';
import { shell as shellModule } from '../../src/modules/shell.ts';
import { stat } from '../../src/modules/stat.ts';
import { library, withoutLibrary } from '../../src/shell/library.ts';
import { startServer } from '../server.ts';
import { converge, decide, inputOf, scratch, shells } from './on-this-machine.ts';

const defaults = { readonly: false, stdin_add_newline: true, read_timeout: 60 };

describe('arguments of a command line', () => {
  test.each([
    ['a b  c', ['a', 'b', 'c']],
    [`a 'b c' "d e"f`, ['a', 'b c', 'd ef']],
    ['a\\ b', ['a b']],
    [`"a\\"b" 'a\\b' "a\\b"`, ['a"b', 'a\\b', 'a\\b']],
    [`''`, ['']],
    ['$HOME * | ;', ['$HOME', '*', '|', ';']],
    ['', []],
  ])('%s', (line, words) => {
    expect(shellWords(line)).toEqual(words);
  });

  test('a quote that is never closed is an error', () => {
    expect(() => shellWords("a 'b")).toThrow("a quote is never closed in: a 'b");
  });
});

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined)(`commands under ${shell.name}`, () => {
    let directory = '';
    const at = (name: string): string => join(directory, name);
    const run = (args: JsonObject) => converge(shell, shellModule, { ...defaults, chdir: directory, ...args });
    beforeEach(() => {
      directory = scratch();
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    test('a command with creates is run once', () => {
      const done = run({ cmd: 'echo hi >made', creates: at('made') });
      expect(done.first.changes).toMatchObject([{ title: 'run echo hi >made', sign: '~' }]);
      expect(done.first.changes[0]?.proven).toBeUndefined();
      expect(done.after).toMatchObject({ changes: [], message: `${at('made')} is there` });
      expect(run({ cmd: 'exit 9', creates: at('made') }).first.changes).toEqual([]);
    });

    test('a command that did not create its path has failed', () => {
      expect(run({ cmd: ':', creates: at('made') }).after.changes.length).toBe(1);
    });

    test('removes, unless and onlyif define when there is nothing to do', () => {
      expect(run({ cmd: ':', removes: at('none') }).first).toMatchObject({
        changes: [],
        message: `${at('none')} is not there`,
      });
      expect(run({ cmd: ':', unless: 'test -d .' }).first).toMatchObject({
        changes: [],
        message: '`test -d .` succeeds',
      });
      expect(run({ cmd: ':', onlyif: 'test -f none' }).first).toMatchObject({
        changes: [],
        message: '`test -f none` fails',
      });
      expect(run({ cmd: 'touch x', unless: 'test -f x' }).after.changes).toEqual([]);
    });

    test('without such a condition the result is not verified, and the task ends after one run', () => {
      const done = run({ cmd: 'echo a >>log' });
      expect(done.first.changes[0]).toMatchObject({ proven: false, act: { kind: 'program', free: true } });
      expect(done.after.changes).toEqual([]);
      expect(readFileSync(at('log'), 'utf8')).toBe('a\n');
    });

    test('stdin, umask and a failing exit code arrive', () => {
      const done = run({ cmd: 'cat >got; umask; exit 3', stdin: "it's\nmine" });
      expect(done.applied).toEqual([{ code: 3, stdout: '0022\n', stderr: '' }]);
      expect(readFileSync(at('got'), 'utf8')).toBe("it's\nmine\n");
    });

    test('a string that the shell cannot read fails', () => {
      expect(run({ cmd: 'if then )' }).applied[0]?.code).toBe(2);
    });

    test('readonly gives its output as a result, and JSON as json', () => {
      const done = run({ cmd: `printf '{"a": [1]}\\n'; echo no >&2`, readonly: true });
      expect(done.first).toEqual({
        changes: [],
        result: {
          rc: 0, stdout: '{"a": [1]}', stdout_lines: ['{"a": [1]}'], stderr: 'no', stderr_lines: ['no'],
          truncated: false, json: { a: [1] },
        },
      }); // biome-ignore format: a table
      expect(run({ cmd: 'exit 4', readonly: true }).first).toMatchObject({ failed: 'exit code 4', result: { rc: 4 } });
    });

    test('a command consists of arguments, and is not shell text', () => {
      writeFileSync(at('x'), '');
      const done = converge(shell, command, {
        ...defaults,
        cmd: `touch '$HOME; *' `,
        chdir: directory,
        creates: at('$HOME; *'),
      });
      expect([done.after.changes, existsSync(at('$HOME; *'))]).toEqual([[], true]);
      const both = decide(shell, command, { ...defaults, cmd: 'a', argv: ['a'] }, inputOf());
      expect(both.decision.failed).toBe('command needs either cmd or argv');
    });

    test('no function of heal hides a program', () => {
      for (const name of ['backup', 'die', 'same', 'moved']) {
        const done = converge(shell, command, { ...defaults, argv: [name] });
        expect(done.applied).toMatchObject([{ code: 127, stderr: expect.stringContaining('not found') }]);
      }
    });

    test('withoutLibrary removes all functions', () => {
      const defined = [...library.text.matchAll(/^(\w+)\(\) \{/gm)].map((match) => match[1]);
      expect(withoutLibrary.text.trim().split(' ').slice(2).toSorted()).toEqual([...defined, 'moved'].toSorted());
    });

    test('stat reports the same keys as in Ansible', () => {
      writeFileSync(at('f'), 'hello', { mode: 0o600 });
      expect(decide(shell, stat, { path: at('f'), get_checksum: true }, inputOf()).decision.result).toMatchObject({
        stat: {
          exists: true,
          isreg: true,
          isdir: false,
          mode: '0600',
          size: 5,
          pw_name: 'root',
          checksum: expect.stringMatching(/^2cf24d/),
        },
      });
      expect(decide(shell, stat, { path: at('g'), get_checksum: false }, inputOf()).decision.result).toEqual({
        stat: { exists: false, path: at('g') },
      });
    });

    test.each([
      ['TERM', ''],
      ['KILL', "process.on('SIGTERM', () => {})"],
    ])('a stray listener is stopped by SIG%s', async (signal, deaf) => {
      const { port, pid, ended } = await startServer(`(${deaf || '0'}, require('net').createServer())`);
      const done = converge(shell, strays, { port, scope: 'system', state: 'absent', grace: 1 });
      expect(done.first.changes.map(({ title }) => title)).toEqual([
        `stop node (pid ${pid}), which listens on port ${port}`,
      ]);
      expect(done.applied).toEqual([{ code: 0, stdout: '', stderr: '' }]);
      expect(done.after.changes).toEqual([]);
      expect(await ended).toBe(`SIG${signal}`);
    });
  });
}
