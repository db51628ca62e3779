import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { copy } from '../../src/modules/copy.ts';
import { directory } from '../../src/modules/directory.ts';
import { file } from '../../src/modules/file.ts';
import { line } from '../../src/modules/line.ts';
import { runSync } from '../child.ts';
import { contentOf } from './content.ts';
import { apply, converge, decide, inputOf, shells } from './on-this-machine.ts';
import { asOther, other, otherAccount } from './other-account.ts';
import { proven } from './proven.ts';

const defaults = { backup: false, force: true, follow: false };

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined || process.getuid?.() !== 0)(
    `root in a directory of another account, under ${shell.name}`,
    () => {
      const place = otherAccount(shell);
      const { home, modeOf, victimState, untouched, first } = place;
      let top = '';
      let victim = '';
      beforeEach(() => {
        ({ top, victim } = place);
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

      test('an upload does not follow a link that has replaced its directory since the task was decided', () => {
        mkdirSync(home('up'));
        chownSync(home('up'), other, other);
        const input = inputOf({ locals: { src: contentOf(Buffer.alloc(100_000, 'x')) } });
        const { decision, states } = decide(shell, copy, { ...defaults, src: 'large', dest: home('up/f') }, input);
        const [change] = decision.changes;
        if (change?.act.kind !== 'upload') throw new Error('it is not an upload');
        rmSync(home('up'), { recursive: true });
        runSync('sh', ['-c', `cd ${home()} && exec ${asOther.join(' ')} ln -s ${top}/etc up`]);
        const before = readdirSync(join(top, 'etc'));
        expect(apply(shell, { ...change, expects: [] }, states)).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('leads through the link'),
        });
        expect(readdirSync(join(top, 'etc'))).toEqual(before);
        expect(victimState()).toEqual(untouched);
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
    },
  );
}
