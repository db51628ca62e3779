import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { sync } from '../../src/modules/sync.ts';
import { tree } from '../../src/probes/tree.ts';
import { directoryContent } from '../../src/run/transfer/local-directory.ts';
import { runSync } from '../child.ts';
import { casesUnder } from '../shell/shells.ts';
import { ask, type Converged, converge, scratch, shells } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

for (const shell of shells()) {
  const cases = casesUnder(shell);
  describe.skipIf(shell.missing !== undefined)(`sync under ${shell.name}`, () => {
    let directory = '';
    const here = (name = ''): string => join(directory, 'here', name);
    const there = (name = ''): string => join(directory, 'there', name);
    const run = async (args: JsonObject = {}): Promise<Converged> => {
      const exclude = (args['exclude'] ?? []) as readonly string[];
      const locals = { src: await directoryContent(here(), exclude) };
      return converge(shell, sync, { src: 'x', dest: there(), delete: false, exclude: [], ...args }, { locals });
    };
    const modeOf = (name: string): string => (lstatSync(there(name)).mode & 0o7777).toString(8);
    beforeEach(() => {
      directory = scratch();
      mkdirSync(here('sub/empty'), { recursive: true });
      writeFileSync(here('a'), 'a\r\n');
      writeFileSync(here("sub/it's \\ ünï"), 'b');
      writeFileSync(here('sub/run'), '#!/bin/sh\n', { mode: 0o755 });
      symlinkSync('../a', here('sub/link'));
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    test('a directory is created, then only differences are sent', async () => {
      expect(titles(proven(await run()))).toEqual([`send 6 entries to ${there()}`]);
      expect(readdirSync(there(), { recursive: true }).sort()).toEqual(readdirSync(here(), { recursive: true }).sort());
      expect(['a', 'sub', 'sub/run'].map(modeOf)).toEqual(['644', '755', '755']);
      expect([readFileSync(there('a'), 'utf8'), readlinkSync(there('sub/link'))]).toEqual(['a\r\n', '../a']);
      expect(titles(await run())).toEqual([]);
      const inode = lstatSync(there('sub/run')).ino;
      writeFileSync(here('a'), 'A');
      const done = proven(await run());
      expect(titles(done)).toEqual([`send a to ${there()}`]);
      expect(done.first.changes[0]?.act).toMatchObject({ kind: 'upload', near: there() });
      expect([readFileSync(there('a'), 'utf8'), lstatSync(there('sub/run')).ino]).toEqual(['A', inode]);
    });

    cases('what else is there stays, unless it is to go; what is left out stays always', async () => {
      mkdirSync(there('old/deep'), { recursive: true });
      mkdirSync(there('sub/cache'), { recursive: true });
      mkdirSync(there('kept'), { recursive: true });
      for (const name of ['old/deep/x', 'sub/cache/y', 'kept/z.log', 'extra\nline']) writeFileSync(there(name), '');
      proven(await run({ exclude: ['cache', '*.log'] }));
      expect(existsSync(there('old/deep/x'))).toBe(true);
      const done = proven(await run({ exclude: ['cache', '*.log'], delete: true }));
      expect(titles(done)).toEqual(['remove 4 entries']);
      expect(done.first.changes[0]).toMatchObject({ sign: '-', act: { kind: 'program' } });
      expect(readdirSync(there()).sort()).toEqual(['a', 'kept', 'sub']);
      expect([existsSync(there('sub/cache/y')), existsSync(there('kept/z.log'))]).toEqual([true, true]);
    });

    test('owner and modes are set, and programs stay executable', async () => {
      proven(await run());
      const args = { owner: 1234, group: 4321, mode: '0640', directory_mode: '0700' };
      const done = proven(await run(args));
      expect(titles(done)).toEqual(['set owner or mode of 6 entries']);
      expect(['a', 'sub/run', 'sub'].map(modeOf)).toEqual(['640', '750', '700']);
      expect([lstatSync(there('sub/link')).uid, lstatSync(there('a')).gid]).toEqual([1234, 4321]);
      writeFileSync(here('new'), 'n');
      mkdirSync(here('more'));
      writeFileSync(here('more/x'), 'x');
      proven(await run(args));
      expect([modeOf('more'), modeOf('more/x'), lstatSync(there('more/x')).uid]).toEqual(['700', '640', 1234]);
    });

    cases('without a mode that of a file stays, but whether it is a program', async () => {
      proven(await run());
      chmodSync(there('a'), 0o600);
      runSync('chown', ['1234:4321', there('a')]);
      expect(titles(await run())).toEqual([]);
      writeFileSync(here('a'), 'other');
      proven(await run());
      expect([modeOf('a'), lstatSync(there('a')).uid]).toEqual(['600', 1234]);
      chmodSync(here('a'), 0o755);
      expect(titles(proven(await run()))).toEqual(['set owner or mode of a']);
      expect(modeOf('a')).toBe('700');
    });

    cases('a directory in the way of a file is removed only if asked', async () => {
      mkdirSync(there('a/below'), { recursive: true });
      writeFileSync(there('a/below/x'), '');
      expect((await run()).first.failed).toBe('a is a directory on the host, and a file here');
      proven(await run({ delete: true }));
      expect(readFileSync(there('a'), 'utf8')).toBe('a\r\n');
      mkdirSync(join(directory, 'other'));
      rmSync(there('sub'), { recursive: true });
      symlinkSync('../other', there('sub'));
      expect((await run()).first.failed).toBe('sub is a link on the host, and a directory here');
      proven(await run({ delete: true }));
      expect([lstatSync(there('sub')).isDirectory(), readdirSync(join(directory, 'other'))]).toEqual([true, []]);
    });

    test('a link that is in the place of a file is replaced, not followed', async () => {
      mkdirSync(there());
      mkdirSync(join(directory, 'other'));
      symlinkSync('../other', there('a'));
      proven(await run());
      expect([lstatSync(there('a')).isFile(), readdirSync(join(directory, 'other'))]).toEqual([true, []]);
    });

    test('conditions under which sync is not possible', async () => {
      expect((await run({ dest: join(directory, 'no/where') })).first.failed).toBe(
        `there is no directory ${join(directory, 'no')}`,
      );
      writeFileSync(there(), '');
      expect((await run()).first.failed).toBe(`${there()} is a file, not a directory`);
    });

    test('the probe distinguishes directories from other entries, and supports unusual names', () => {
      mkdirSync(there());
      for (const name of ['__proto__', 'a\nb', 'c\\d', '-e']) writeFileSync(there(name), name);
      const questions = [tree(there()), tree(there('__proto__')), tree(there('none'))];
      const states = ask(shell, questions);
      const [found, file, none] = questions.map(({ key }) => states.get(key));
      const names = found?.kind === 'present' ? Object.entries(found.value as object) : [];
      expect(names.map(([name]) => name).sort()).toEqual(['-e', '__proto__', 'a\nb', 'c\\d']);
      expect(names.every(([, one]) => one.sha256?.length === 64)).toBe(true);
      expect([file?.kind, none?.kind]).toEqual(['unavailable', 'absent']);
    });
  });
}
