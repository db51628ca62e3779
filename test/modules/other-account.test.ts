import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { copy } from '../../src/modules/copy.ts';
import { directory } from '../../src/modules/directory.ts';
import { file } from '../../src/modules/file.ts';
import { line } from '../../src/modules/line.ts';
import { sync } from '../../src/modules/sync.ts';
import { unarchive } from '../../src/modules/unarchive.ts';
import { directoryContent } from '../../src/run/transfer/local-directory.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';
import { contentOf } from './content.ts';
import { type Applied, apply, converge, decide, inputOf, type Shell, scratch, shells } from './on-this-machine.ts';
import { proven } from './proven.ts';

/** The uid of an account that owns the directory that root places files in. */
const other = 65534;
const asOther = ['setpriv', `--reuid=${other}`, `--regid=${other}`, '--clear-groups'];
const defaults = { backup: false, force: true, follow: false };

for (const shell of shells()) {
  const busybox = shell.name.startsWith('busybox');
  /** The tools before which an attack is made: those that change something, with HEAL_TESTS=all each.
   * What busybox does there is the same script with other tools: one of them is tried. */
  const chosen = (...tools: readonly string[]): readonly string[] =>
    runsAllCases ? tools : tools.filter((tool) => (busybox ? /^mv$/ : /^(chown|chmod|mv|ln|tar)$/).test(tool));
  describe.skipIf(shell.missing !== undefined || process.getuid?.() !== 0)(
    `root in a directory of another account, under ${shell.name}`,
    () => {
      let top = '';
      let victim = '';
      const home = (...names: string[]): string => join(top, 'home', ...names);
      const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0');
      const victimState = (): unknown => {
        const { uid, gid } = lstatSync(victim);
        return [readFileSync(victim, 'utf8'), modeOf(victim), uid, gid, readdirSync(join(top, 'etc'))];
      };
      const untouched = ['for root alone', '0600', 0, 0, ['secret']];
      const left = (): string[] => readdirSync(home()).filter((name) => name.startsWith('.heal'));
      beforeEach(() => {
        top = scratch();
        victim = join(top, 'etc/secret');
        mkdirSync(join(top, 'etc'));
        writeFileSync(victim, 'for root alone', { mode: 0o600 });
        mkdirSync(home());
        chownSync(home(), other, other);
      });
      afterEach(() => rmSync(top, { recursive: true, force: true }));

      const withFunctions = (text: string): Shell => ({ ...shell, functions: { kind: 'sh', text, shown: text } });
      /** A shell in which the other account runs `attack` in its directory before each of `tools` runs. */
      function attacked(tools: readonly string[], attack: string): Shell {
        const script = join(top, `attack${readdirSync(top).length}`);
        writeFileSync(
          script,
          `#!/bin/sh\ncd ${home()} && PATH=/usr/bin:/bin exec ${asOther.join(' ')} sh -c '${attack}' >/dev/null 2>&1\n`,
          { mode: 0o755 },
        );
        return withFunctions(tools.map((tool) => `${tool}() { ${script}; command ${tool} "$@"; }\n`).join(''));
      }
      /** Puts a link to the victim, or to the directory that it is in, in the place of each name that fits. */
      const replace = (names: string): string => `
        for one in ${names}; do
          [ -e "$one" ] && [ ! -L "$one" ] || continue
          to=${victim}; [ ! -d "$one" ] || to=${top}/etc
          to_name=$$-\${one##*/}
          mv "$one" "sub/$to_name" || mv "$one" "$to_name" || mv "$one" "$one-$$"; ln -s "$to" "$one"
        done`;
      const first = (
        one: Shell,
        module: Module,
        args: JsonObject,
        more: Parameters<typeof inputOf>[0] = {},
      ): Applied => {
        const { decision, states } = decide(shell, module, args, inputOf(more));
        const [change] = decision.changes;
        if (change === undefined) throw new Error(`no change: ${decision.failed}`);
        return apply(one, change, states);
      };

      test('a file is created, updated with a backup, uploaded, and no other file remains', () => {
        proven(converge(shell, copy, { ...defaults, content: 'a', dest: home('f'), owner: other, mode: '0640' }));
        const inode = lstatSync(home('f')).ino;
        proven(converge(shell, copy, { ...defaults, content: 'b', dest: home('f'), backup: true }));
        expect([modeOf(home('f')), lstatSync(home('f')).uid]).toEqual(['0640', other]);
        const kept = readdirSync(home()).find((name) => name.endsWith('~')) ?? '';
        expect([readFileSync(home(kept), 'utf8'), modeOf(home(kept)), lstatSync(home(kept)).uid]).toEqual([
          'a',
          '0640',
          other,
        ]);
        expect(lstatSync(home('f')).ino).not.toBe(inode);
        const bytes = Buffer.alloc(100_000, 'x\n');
        proven(
          converge(shell, copy, { ...defaults, src: 'x', dest: home('g') }, { locals: { src: contentOf(bytes) } }),
        );
        proven(converge(shell, directory, { path: home('d/e'), state: 'present', owner: other, mode: '0750' }));
        proven(converge(shell, file, { path: home('f'), state: 'file', force: false, mode: '0604', owner: 0 }));
        expect(readFileSync(home('g'))).toEqual(bytes);
        expect(readdirSync(home()).toSorted()).toEqual(['d', 'f', kept, 'g']);
      });

      test('the default ACL and the group of the directory are inherited', () => {
        if (busybox) return; // its tools don't know of ACLs
        runSync('chmod', ['2770', home()]);
        runSync('setfacl', ['-d', '-m', 'u:1234:rwx', home()]);
        proven(converge(shell, copy, { ...defaults, content: 'new', dest: home('f') }));
        proven(converge(shell, directory, { path: home('d'), state: 'present' }));
        expect(runSync('getfacl', ['-cpn', home('f')])).toContain('user:1234:rwx\t#effective:rw-');
        expect([lstatSync(home('f')).gid, lstatSync(home('d')).gid, modeOf(home('d'))]).toEqual([other, other, '2770']);
        expect(left()).toEqual([]);
      });

      for (const tool of chosen('stat', 'chown', 'chmod', 'mv', 'mktemp', 'rm', ...(busybox ? [] : ['cp']))) {
        test(`what is replaced by a link before ${tool} runs has no effect on what the link leads to`, () => {
          writeFileSync(home('f'), 'old', { mode: 0o640 });
          chownSync(home('f'), other, other);
          const bad = attacked([tool], replace('.heal[-.]*'));
          first(bad, copy, { ...defaults, content: 'new', dest: home('f'), owner: other, mode: '0644', backup: true });
          first(bad, copy, { ...defaults, content: 'new', dest: home('g'), owner: other, mode: '0644' });
          expect(victimState()).toEqual(untouched);
        });
      }

      for (const tool of chosen('stat', 'chown', 'chmod', 'ln', 'mkdir', 'cp')) {
        test(`a target replaced by a link before ${tool} runs has no effect on what the link leads to`, () => {
          writeFileSync(home('f'), 'old', { mode: 0o600 });
          chownSync(home('f'), other, other);
          mkdirSync(home('d'));
          mkdirSync(home('sub'));
          chownSync(home('sub'), other, other);
          first(attacked([tool], replace('f')), file, {
            path: home('f'),
            state: 'file',
            force: false,
            mode: '0644',
            owner: 0,
          });
          first(attacked([tool], replace('d')), directory, {
            path: home('d'),
            state: 'present',
            mode: '0777',
            owner: other,
          });
          first(attacked([tool], replace('e')), directory, {
            path: home('e'),
            state: 'present',
            mode: '0777',
            owner: other,
          });
          expect(victimState()).toEqual(untouched);
          expect([modeOf(join(top, 'etc')), lstatSync(join(top, 'etc')).uid]).toEqual(['0755', 0]);
        });
      }

      test('a link to a directory that replaces the target is replaced, and never entered', () => {
        const bad = attacked(['mv'], `ln -s ${top}/etc f`);
        expect(first(bad, copy, { ...defaults, content: 'new', dest: home('f') })).toMatchObject({ code: 0 });
        expect([victimState(), readFileSync(home('f'), 'utf8')]).toEqual([untouched, 'new']);
      });

      test('a backup is not written through links that have its possible names', () => {
        writeFileSync(home('f'), 'old');
        const still = withFunctions('date() { echo 2026-01-02T03:04:05; }');
        symlinkSync(join(top, 'etc/new'), home('f.2026-01-02T03:04:05~'));
        expect(first(still, copy, { ...defaults, content: '2', dest: home('f'), backup: true })).toMatchObject({
          code: 0,
          stdout: `${home('f.2026-01-02T03:04:05.1~')}\n`,
        });
        expect(first(still, copy, { ...defaults, content: '3', dest: home('f'), backup: true })).toMatchObject({
          code: 0,
        });
        expect(victimState()).toEqual(untouched);
        const texts = ['f.2026-01-02T03:04:05.1~', 'f.2026-01-02T03:04:05.2~', 'f'].map((name) =>
          readFileSync(home(name), 'utf8'),
        );
        expect(texts).toEqual(['old', '2', '3']);
      });

      test('an upload that was replaced before the act is refused', () => {
        const bytes = Buffer.alloc(100_000, 'x\n');
        for (const evil of [
          'd=$(echo .heal*); mv $d taken; mkdir -m 700 $d; cp /etc/hostname $d/x',
          `d=$(echo .heal*); mv $d taken2; ln -s ${top}/etc $d`,
        ]) {
          const { decision, states } = decide(
            shell,
            copy,
            { ...defaults, src: 'x', dest: home('f'), mode: '4755' },
            inputOf({ locals: { src: contentOf(bytes) } }),
          );
          const [change] = decision.changes;
          if (change === undefined) throw new Error('no change');
          const done = apply(shell, change, states, () =>
            runSync('setpriv', [...asOther.slice(1), 'sh', '-c', evil], { cwd: home() }),
          );
          expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('is not what heal has made there') });
          expect([existsSync(home('f')), victimState()]).toEqual([false, untouched]);
          rmSync(home(), { recursive: true });
          mkdirSync(home());
          chownSync(home(), other, other);
        }
      });

      test("another account's link above the target is refused, unless it leads to what belongs to that account", () => {
        runSync('sh', ['-c', `cd ${home()} && exec ${asOther.join(' ')} ln -s ${top}/etc out`]);
        runSync('sh', ['-c', `cd ${home()} && exec ${asOther.join(' ')} sh -c "mkdir r7; ln -s r7 current"`]);
        expect(first(shell, copy, { ...defaults, content: 'x', dest: home('out/f') })).toMatchObject({
          code: 1,
          stderr: `${home('out/')} leads through the link ${home('out')} to what belongs to another account: name the real path\n`,
        });
        expect(victimState()).toEqual(untouched);
        expect(first(shell, copy, { ...defaults, content: 'x', dest: home('current/f') })).toMatchObject({
          code: 0,
          stderr: '',
        });
        symlinkSync('home/r7', join(top, 'own'));
        expect(first(shell, copy, { ...defaults, content: 'x', dest: join(top, 'own/g') })).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(readdirSync(home('r7')).toSorted()).toEqual(['f', 'g']);
      });

      test("another account's link is not followed to what is not of that account", () => {
        const plant = (to: string, name: string): void => {
          runSync('sh', ['-c', `cd ${home()} && exec ${asOther.join(' ')} ln -s ${to} ${name}`]);
        };
        writeFileSync(home('own'), 'own\n');
        mkdirSync(home('dir'));
        for (const name of ['own', 'dir']) chownSync(home(name), other, other);
        for (const [to, name] of [
          [`${top}/etc`, 'data'],
          [victim, 'link'],
          [`${top}/etc/new`, 'new'],
          ['own', 'to-own'],
          ['dir', 'to-dir'],
        ] as const)
          plant(to, name);
        const edit = { backup: false, create: false, state: 'present', insert_after: 'EOF', line: 'x' };
        const refused: [Module, JsonObject][] = [
          [directory, { path: home('data'), state: 'present', owner: other }],
          [file, { path: home('link'), state: 'file', force: false, mode: '0644' }],
          [file, { path: home('new'), state: 'touch', force: false }],
          [line, { ...edit, path: home('link') }],
          [copy, { ...defaults, src: 'evil', dest: home('data') }],
          [file, { path: home('data/secret'), state: 'absent', force: false }],
          [file, { path: home('data/link'), state: 'link', src: 'x', force: false }],
        ];
        const locals = { src: contentOf(Buffer.from('x')) };
        for (const [module, args] of refused) {
          expect(first(shell, module, args, { locals })).toMatchObject({
            code: 1,
            stderr: expect.stringMatching(/leads through the link .* another account.*: name the real path\n$/),
          });
        }
        expect([victimState(), lstatSync(join(top, 'etc')).uid]).toEqual([untouched, 0]);
        proven(converge(shell, line, { ...edit, path: home('to-own') }));
        proven(converge(shell, copy, { ...defaults, src: 'x', dest: home('to-dir') }, { locals }));
        proven(converge(shell, directory, { path: home('to-dir'), state: 'present', mode: '0700' }));
        symlinkSync(join(top, 'etc/secret'), join(top, 'of-root'));
        proven(converge(shell, file, { path: join(top, 'of-root'), state: 'file', force: false, mode: '0640' }));
        proven(converge(shell, line, { ...edit, path: join(top, 'of-root') }));
        expect([modeOf(victim), readFileSync(home('own'), 'utf8'), modeOf(home('dir'))]).toEqual([
          '0640',
          'own\nx\n',
          '0700',
        ]);
      });

      // The link is gone after the guards looked at it, so its owner can no longer be seen.
      test.each([
        ['line', line, { backup: true, create: true, state: 'present', insert_after: 'EOF', line: 'x' }],
        ['file', file, { state: 'file', force: false, mode: '0644' }],
        ['directory', directory, { state: 'present', mode: '0700' }],
      ] as const)(
        'a link that becomes something else before %s applies its change is not followed',
        (name, module, args) => {
          const [kind, target] = name === 'directory' ? ['-d', join(top, 'etc')] : ['', victim];
          runSync('sh', ['-c', `cd ${home()} && exec ${asOther.join(' ')} ln -s ${target} f`]);
          const { decision, states } = decide(shell, module, { ...args, path: home('f'), owner: other }, inputOf());
          rmSync(home('f'));
          runSync('sh', ['-c', `cd ${home()} && exec ${asOther.join(' ')} mktemp ${kind} ./fXXXXXX`]);
          runSync('sh', ['-c', `cd ${home()} && mv f?????? f`]);
          const [change] = decision.changes;
          if (change === undefined) throw new Error(`no change: ${decision.failed}`);
          expect(apply(shell, { ...change, expects: [] }, states)).toMatchObject({ code: 97, stderr: 'moved\n' });
          expect([victimState(), modeOf(join(top, 'etc')), lstatSync(join(top, 'etc')).uid]).toEqual([
            untouched,
            '0755',
            0,
          ]);
        },
      );

      const syncArgs = { src: 'x', dest: '', owner: other, mode: '0644', delete: true, exclude: [] };
      const pages = async (): Promise<Parameters<typeof inputOf>[0]> => {
        mkdirSync(join(top, 'pages/sub/more'), { recursive: true });
        for (const name of ['index.html', 'sub/x', 'sub/new', 'sub/more/y'])
          writeFileSync(join(top, 'pages', name), name);
        mkdirSync(home('www/sub/old'), { recursive: true });
        for (const name of ['index.html', 'gone']) writeFileSync(home('www', name), 'index.html', { mode: 0o600 });
        for (const name of ['x', 'old/z']) writeFileSync(home('www/sub', name), 'old');
        runSync('chown', ['-R', `${other}:${other}`, home()]);
        return { locals: { src: await directoryContent(join(top, 'pages'), []) } };
      };

      test('sync in a directory of another account has the planned result, and leaves no temporary files', async () => {
        proven(converge(shell, sync, { ...syncArgs, dest: home('www') }, await pages()));
        expect(readdirSync(home('www'), { recursive: true }).toSorted()).toEqual(
          readdirSync(join(top, 'pages'), { recursive: true }).toSorted(),
        );
        expect([modeOf(home('www/index.html')), lstatSync(home('www/sub/new')).uid]).toEqual(['0644', other]);
        const locals = { src: await directoryContent(join(top, 'pages'), []) };
        proven(converge(shell, sync, { ...syncArgs, dest: home('other') }, { locals }));
        expect(readdirSync(home()).toSorted()).toEqual(['other', 'www']);
      });

      for (const tool of chosen('chmod', 'chown', 'stat', 'mv', 'rm', 'rmdir', 'mkdir', 'tar', 'ln', 'find')) {
        test(`sync changes nothing outside where entries are replaced by links before ${tool} runs`, async () => {
          const more = await pages();
          const bad = attacked([tool], replace('www/index.html www/gone www/sub/x www/sub/old www/sub www/.heal*'));
          first(bad, sync, { ...syncArgs, dest: home('www') }, more);
          expect([victimState(), modeOf(join(top, 'etc')), lstatSync(join(top, 'etc')).uid]).toEqual([
            untouched,
            '0755',
            0,
          ]);
        });
      }

      const unpacking = { remote_src: false, strip: 0, links_out: false, owner: other, mode: '0644' };
      const archive = (): Parameters<typeof inputOf>[0] => {
        mkdirSync(join(top, 'app/sub/more '), { recursive: true });
        for (const name of ['a', 'sub/secret', 'sub/more /y']) writeFileSync(join(top, 'app', name), name);
        runSync('tar', ['-C', join(top, 'app'), '-cf', join(top, 'app.tar'), '.']);
        mkdirSync(home('www/sub'), { recursive: true });
        for (const name of ['a', 'sub/secret']) writeFileSync(home('www', name), 'old');
        runSync('chown', ['-R', `${other}:${other}`, home()]);
        return { locals: { src: contentOf(readFileSync(join(top, 'app.tar'))) } };
      };

      test('unarchive in a directory of another account has the planned result, and leaves no temporary files', () => {
        proven(converge(shell, unarchive, { ...unpacking, src: 'app.tar', dest: home('www') }, archive()));
        expect([readFileSync(home('www/sub/secret'), 'utf8'), modeOf(home('www/sub/more '))]).toEqual([
          'sub/secret',
          '0755',
        ]);
        expect(lstatSync(home('www/sub/more /y')).uid).toBe(other);
        expect(readdirSync(home('www')).filter((name) => /^\.heal.{9}$/.test(name))).toEqual([]);
      });

      for (const tool of chosen('chmod', 'chown', 'stat', 'mv', 'mkdir', 'tar', 'find', 'sort', 'xargs')) {
        test(`unarchive changes nothing outside where entries are replaced by links before ${tool} runs`, () => {
          const more = archive();
          const bad = attacked([tool], replace('www/a www/sub www/.heal*'));
          first(bad, unarchive, { ...unpacking, src: 'app.tar', dest: home('www') }, more);
          expect([victimState(), modeOf(join(top, 'etc')), lstatSync(join(top, 'etc')).uid]).toEqual([
            untouched,
            '0755',
            0,
          ]);
        });
      }

      test('a hard link to a file of root gets no new owner', () => {
        runSync('ln', [victim, home('f')]);
        expect(first(shell, file, { path: home('f'), state: 'file', force: false, owner: other })).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('may be a file of another account'),
        });
        expect(victimState()).toEqual(untouched);
        expect(left()).toEqual([]);
      });

      test('only the files of interrupted acts are removed after a day', () => {
        const old = new Date(Date.now() - 49 * 3600_000);
        const stage = (name: string, mark: boolean): void => {
          mkdirSync(home(name), { mode: 0o700 });
          if (mark) writeFileSync(home(name, '.heal'), '');
          writeFileSync(home(name, 'x'), 'part');
          utimesSync(home(name), old, old);
        };
        stage('.heal-AAAAAAAA', true);
        stage('.heal-BBBBBBBB', false);
        writeFileSync(home('.heal.CCCCCCCC'), 'part');
        utimesSync(home('.heal.CCCCCCCC'), old, old);
        writeFileSync(home('.heal-DDDDDDDD'), 'of a run that goes on');
        expect(first(shell, copy, { ...defaults, content: 'x', dest: home('f') })).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(readdirSync(home()).toSorted()).toEqual(['.heal-BBBBBBBB', '.heal-DDDDDDDD', 'f']);
      });
    },
  );
}
