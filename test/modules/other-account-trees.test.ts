import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { sync } from '../../src/modules/sync.ts';
import { unarchive } from '../../src/modules/unarchive.ts';
import { directoryContent } from '../../src/run/transfer/local-directory.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';
import { contentOf } from './content.ts';
import { converge, type inputOf, shells } from './on-this-machine.ts';
import { attackedTools, other, otherAccount } from './other-account.ts';
import { proven } from './proven.ts';

for (const shell of shells()) {
  const chosen = attackedTools(shell.name.startsWith('busybox'), runsAllCases);
  describe.skipIf(shell.missing !== undefined || process.getuid?.() !== 0)(
    `root in a directory of another account, under ${shell.name}`,
    () => {
      const place = otherAccount(shell);
      const { home, modeOf, victimState, untouched, attacked, replace, first } = place;
      let top = '';
      beforeEach(() => {
        ({ top } = place);
      });

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
    },
  );
}
