import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { block } from '../../src/modules/block.ts';
import { json } from '../../src/modules/json.ts';
import { line } from '../../src/modules/line.ts';
import { link } from '../../src/modules/link.ts';
import { replace } from '../../src/modules/replace.ts';
import { yaml } from '../../src/modules/yaml.ts';
import { runSync } from '../child.ts';
import { casesUnder } from '../shell/shells.ts';
import { complete } from './edited.ts';
import { apply, type Converged, converge, decide, inputOf, scratch, shells } from './on-this-machine.ts';
import { proven } from './proven.ts';

for (const shell of shells()) {
  const cases = casesUnder(shell);
  const busybox = shell.name.startsWith('busybox');
  describe.skipIf(shell.missing !== undefined)(`edits under ${shell.name}`, () => {
    let directory = '';
    const at = (name: string): string => join(directory, name);
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    const run = (module: Module, args: JsonObject): Converged =>
      converge(shell, module, complete(module, { path: at('f'), ...args }));
    beforeEach(() => {
      directory = scratch();
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    test.each<[Module, JsonObject, string, string]>([
      [line, { regexp: '^k=', line: 'k=2' }, '# c\nk=1\n', '# c\nk=2\n'],
      [line, { line: "it's 100% $HOME \\ `x`", mode: '0600' }, 'a\r\nb', "a\r\nb\r\nit's 100% $HOME \\ `x`"],
      [replace, { regexp: '(a)b', replace: '\\1c' }, 'ab\n', 'ac\n'],
      [block, { block: 'x\ny', marker: '# {mark}' }, 'a\n', 'a\n# BEGIN\nx\ny\n# END\n'],
      [
        json,
        { merge: { b: ["it's"] } },
        '{ // c\r\n  a: 1,\r\n}',
        '{ // c\r\n  a: 1,\r\n  b: [\r\n    "it\'s"\r\n  ],\r\n}',
      ],
      [
        yaml,
        { merge: { b: { c: 'é $x' } }, remove: ['z'] },
        '# c\na: &x 1 # one\nz: 2\n',
        '# c\na: &x 1 # one\nb:\n  c: é $x\n',
      ],
    ])('$name is applied, then there is nothing to do', (module, args, before, after) => {
      writeFileSync(at('f'), before, { mode: 0o640 });
      runSync('chown', ['1234:4321', at('f')]);
      const done = proven(run(module, args));
      expect(read('f')).toBe(after);
      expect(done.first.changes[0]).toMatchObject({ diff: { before, after }, touches: [`path:${at('f')}`] });
      const { uid, gid, mode } = lstatSync(at('f'));
      expect([uid, gid, mode & 0o777]).toEqual([1234, 4321, args['mode'] === undefined ? 0o640 : 0o600]);
      expect(readdirSync(directory)).toEqual(['f']);
      expect(run(module, args).first.changes).toEqual([]);
    });

    test('a file is created with its mode', () => {
      proven(run(line, { line: 'a', create: true, mode: '0600' }));
      expect([read('f'), lstatSync(at('f')).mode & 0o777]).toEqual(['a\n', 0o600]);
    });

    test('only the mode is set if the content is correct', () => {
      writeFileSync(at('f'), 'a\n', { mode: 0o600 });
      expect(proven(run(line, { line: 'a', mode: '0644' })).first.changes[0]?.title).toBe('mode 0600 -> 0644');
    });

    cases('a link is followed and stays', () => {
      writeFileSync(at('real'), 'a\n');
      symlinkSync('real', at('f'));
      proven(run(line, { line: 'b' }));
      expect([read('real'), readlinkSync(at('f'))]).toEqual(['a\nb\n', 'real']);
    });

    cases('a directory, a fifo, a binary file and one that is too large are refused', () => {
      const failed = (): string | undefined => run(line, { line: 'b' }).first.failed;
      runSync('mkdir', [at('f')]);
      expect(failed()).toBe(`${at('f')} is not a regular file`);
      runSync('rmdir', [at('f')]);
      runSync('mkfifo', [at('f')]);
      expect(failed()).toBe(`${at('f')} is not a regular file`);
      rmSync(at('f'));
      writeFileSync(at('f'), Buffer.from([0, 1, 2]));
      expect(failed()).toBe(`${at('f')} is not text in UTF-8`);
      writeFileSync(at('f'), Buffer.alloc(1024 * 1024 + 1, 'a\n'));
      expect(failed()).toBe(`${at('f')} has 1048577 bytes, more than the 1048576 that are read`);
      rmSync(at('f'));
      expect(failed()).toBe(`there is no file ${at('f')}`);
    });

    test('a file that does not parse is unchanged, and its line is quoted', () => {
      writeFileSync(at('f'), 'a:\n  b: 1\n c: 2\n');
      const { first, applied } = run(yaml, { merge: { c: 1 }, backup: true });
      expect(first).toMatchObject({
        changes: [],
        failed: `${at('f')}: 3:1 is not YAML, all mapping items must start at the same column: c: 2`,
      });
      expect([applied, read('f'), readdirSync(directory)]).toEqual([[], 'a:\n  b: 1\n c: 2\n', ['f']]);
    });

    cases('a structured file is made', () => {
      proven(run(json, { path: at('n.json'), create: true, merge: { a: { b: 1 } }, mode: '0600' }));
      expect(read('n.json')).toBe('{\n  "a": {\n    "b": 1\n  }\n}\n');
      proven(run(yaml, { path: at('n.yml'), create: true, set: [{ path: 'a.b', value: 1 }] }));
      expect(read('n.yml')).toBe('a:\n  b: 1\n');
    });

    cases('validate and backup are those of copy', () => {
      writeFileSync(at('f'), 'old\n', { mode: 0o600 });
      const bad = run(line, { line: 'bad', validate: 'grep -q good %s', backup: true });
      expect(bad.applied).toMatchObject([{ code: 1, stderr: 'the new content was refused by: grep -q good %s\n' }]);
      expect([read('f'), readdirSync(directory)]).toEqual(['old\n', ['f']]);
      proven(run(line, { line: 'good', validate: 'grep -q good %s', backup: true }));
      const kept = readdirSync(directory).find((name) => name !== 'f') ?? '';
      expect([read('f'), read(kept)]).toEqual(['old\ngood\n', 'old\n']);
    });

    cases('an edit made meanwhile on the host is caught', () => {
      writeFileSync(at('f'), 'old\n');
      const args = complete(line, { path: at('f'), line: 'new' });
      const { decision, states } = decide(shell, line, args, inputOf());
      writeFileSync(at('f'), 'odd\n');
      const [change] = decision.changes;
      if (change === undefined) throw new Error('no change');
      expect(apply(shell, change, states)).toMatchObject({ code: 97 });
      expect(read('f')).toBe('odd\n');
    });

    cases('a string above 64 KiB is edited', () => {
      const long = 'x\n'.repeat(50_000);
      writeFileSync(at('f'), long);
      const done = proven(run(line, { line: 'end' }));
      expect(done.first.changes[0]?.act.kind).toBe('upload');
      expect(read('f')).toBe(`${long}end\n`);
    });

    // busybox has no ACLs.
    if (!busybox)
      test('an edit keeps the ACL', () => {
        writeFileSync(at('f'), 'a\n', { mode: 0o640 });
        runSync('setfacl', ['-m', 'u:1234:rw', at('f')]);
        const acl = () => runSync('getfacl', ['-cpn', at('f')]);
        const before = acl();
        proven(run(line, { line: 'b' }));
        expect(acl()).toBe(before);
      });

    test('links are created, changed, given an owner and removed', () => {
      const done = proven(run(link, { path: at('l'), src: 'r1' }));
      expect(done.first.changes[0]).toMatchObject({ title: `create link ${at('l')} -> r1`, sign: '+' });
      proven(run(link, { path: at('l'), src: "r '2'\n", owner: 1234 }));
      expect([readlinkSync(at('l')), lstatSync(at('l')).uid]).toEqual(["r '2'\n", 1234]);
      expect(run(link, { path: at('l'), src: "r '2'\n", owner: 1234 }).first.changes).toEqual([]);
      proven(run(link, { path: at('l'), state: 'absent' }));
      expect(readdirSync(directory)).toEqual([]);
      expect(run(link, { path: at('l'), state: 'absent' }).first.changes).toEqual([]);
    });

    cases('a link to a directory is turned, not entered', () => {
      runSync('mkdir', [at('a'), at('b')]);
      proven(run(link, { path: at('l'), src: 'a' }));
      proven(run(link, { path: at('l'), src: 'b' }));
      expect([readlinkSync(at('l')), readdirSync(at('a'))]).toEqual(['b', []]);
    });

    cases('a file gives way to a link by force alone, and a directory never', () => {
      writeFileSync(at('f'), 'a');
      expect(run(link, { src: 'x' }).first.failed).toBe(`${at('f')} is a file`);
      expect(run(link, { state: 'absent' }).first.failed).toBe(`${at('f')} is a file, not a link`);
      proven(run(link, { src: 'x', force: true }));
      expect(run(link, { path: directory, src: 'x', force: true }).first.failed).toBe(`${directory} is a directory`);
      expect(run(link, { path: at('none/l'), src: 'x' }).first.failed).toBe(`there is no directory ${at('none')}`);
    });

    test('a hard link is another name of the same file', () => {
      writeFileSync(at('f'), 'a');
      proven(run(link, { path: at('h'), src: at('f'), hard: true }));
      expect(lstatSync(at('h')).ino).toBe(lstatSync(at('f')).ino);
      expect(run(link, { path: at('h'), src: at('f'), hard: true }).first.changes).toEqual([]);
      proven(run(link, { path: at('h'), src: at('f'), hard: true, state: 'absent' }));
      expect(readdirSync(directory)).toEqual(['f']);
    });
  });
}

test.each<[JsonObject, string]>([
  [{}, 'state present needs src'],
  [{ src: 'x', hard: true }, 'a hard link needs an absolute src'],
])('a link with %j is refused', (args, message) => {
  expect(link.misuse?.(complete(link, { path: '/l', ...args }))?.message).toBe(message);
});
