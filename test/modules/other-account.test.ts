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
import { beforeEach, describe, expect, test } from 'vitest';
import { copy } from '../../src/modules/copy.ts';
import { directory } from '../../src/modules/directory.ts';
import { file } from '../../src/modules/file.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';
import { contentOf } from './content.ts';
import { apply, converge, decide, inputOf, shells } from './on-this-machine.ts';
import { asOther, attackedTools, other, otherAccount } from './other-account.ts';
import { proven } from './proven.ts';

const defaults = { backup: false, force: true, follow: false };

for (const shell of shells()) {
  const busybox = shell.name.startsWith('busybox');
  const chosen = attackedTools(busybox, runsAllCases);
  describe.skipIf(shell.missing !== undefined || process.getuid?.() !== 0)(
    `root in a directory of another account, under ${shell.name}`,
    () => {
      const place = otherAccount(shell);
      const { home, modeOf, victimState, untouched, left, withFunctions, attacked, replace, first } = place;
      let top = '';
      let victim = '';
      beforeEach(() => {
        ({ top, victim } = place);
      });

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

      // busybox' tools do not know of ACLs.
      if (!busybox)
        test('the default ACL and the group of the directory are inherited', () => {
          runSync('chmod', ['2770', home()]);
          runSync('setfacl', ['-d', '-m', 'u:1234:rwx', home()]);
          proven(converge(shell, copy, { ...defaults, content: 'new', dest: home('f') }));
          proven(converge(shell, directory, { path: home('d'), state: 'present' }));
          expect(runSync('getfacl', ['-cpn', home('f')])).toContain('user:1234:rwx\t#effective:rw-');
          expect([lstatSync(home('f')).gid, lstatSync(home('d')).gid, modeOf(home('d'))]).toEqual([
            other,
            other,
            '2770',
          ]);
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
