import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { copy } from '../../src/modules/copy.ts';
import { directory } from '../../src/modules/directory.ts';
import { file } from '../../src/modules/file.ts';
import { runSync } from '../child.ts';
import { casesUnder } from '../shell/shells.ts';
import { contentOf } from './content.ts';
import { shells } from './on-this-machine.ts';
import { proven } from './proven.ts';
import { scratchFiles } from './scratch-files.ts';

const defaults = { backup: false, force: true, follow: false };

for (const shell of shells()) {
  const cases = casesUnder(shell);
  const busybox = shell.name.startsWith('busybox');
  describe.skipIf(shell.missing !== undefined)(`files under ${shell.name}`, () => {
    const files = scratchFiles(shell);
    const { at, modeOf, run } = files;

    // busybox' stat and ls do not know of ACLs.
    if (!busybox)
      cases('an ACL outlives an update, and a mode does not narrow its mask', () => {
        writeFileSync(at('f'), 'old', { mode: 0o640 });
        runSync('setfacl', ['-m', 'u:1234:rw', at('f')]);
        const acl = () => runSync('getfacl', ['-cpn', at('f')]);
        const before = acl();
        const done = run(copy, { ...defaults, content: 'new', dest: at('f'), mode: '0600' });
        proven(done);
        expect(acl()).toBe(before);
        proven(run(copy, { ...defaults, content: 'new', dest: at('f'), mode: '0604' }));
        expect(acl()).toBe(before.replace('other::---', 'other::r--'));
      });

    cases('what is made in a directory with a default ACL takes part in it', () => {
      runSync('setfacl', ['-d', '-m', 'u:1234:rwx', files.directory]);
      const done = run(copy, { ...defaults, content: 'new', dest: at('f'), mode: '0600' });
      if (busybox) {
        expect(done.applied[0]?.stderr).toBe(
          `${files.directory}/ has a default ACL, which this host has no tools for: install acl\n`,
        );
        return expect(readdirSync(files.directory)).toEqual([]);
      }
      proven(done);
      expect(runSync('getfacl', ['-cpn', at('f')])).toContain('mask::rw-');
      proven(
        run(
          copy,
          { ...defaults, src: 'u', dest: at('up'), mode: '0600' },
          { locals: { src: contentOf(Buffer.alloc(70_000)) } },
        ),
      );
      proven(run(directory, { path: at('d/e'), mode: '0700', state: 'present' }));
      proven(run(copy, { ...defaults, content: '', dest: at('d/e/plain') }));
      expect(runSync('getfacl', ['-cpn', at('d/e')])).toContain('mask::rwx');
    });

    test('a file that is a mount point is written in place', () => {
      writeFileSync(at('source'), 'old');
      writeFileSync(at('f'), '');
      runSync('mount', ['--bind', at('source'), at('f')]);
      try {
        proven(run(copy, { ...defaults, content: 'new', dest: at('f'), mode: '0600' }));
        expect(readFileSync(at('source'), 'utf8')).toBe('new');
      } finally {
        runSync('umount', [at('f')]);
      }
    });

    test('directories are created with their parent directories, changed, and removed', () => {
      const done = proven(run(directory, { path: at('a/b/c'), mode: '0750', state: 'present' }));
      expect(done.first.changes[0]?.title).toBe(`create directory ${at('a/b/c')} and 2 above it`);
      expect([modeOf('a'), modeOf('a/b/c')]).toEqual(['0750', '0750']);
      runSync('chmod', ['2775', at('a')]);
      proven(run(directory, { path: at('a'), mode: '0755', owner: 1234, state: 'present' }));
      expect([modeOf('a'), lstatSync(at('a')).uid]).toEqual(['0755', 1234]);
      proven(run(directory, { path: at('a'), state: 'absent' }));
      expect(existsSync(at('a'))).toBe(false);
    });

    cases('a directory in a setgid directory takes its group', () => {
      mkdirSync(at('s'));
      runSync('chown', [':4321', at('s')]);
      runSync('chmod', ['2755', at('s')]);
      proven(run(directory, { path: at('s/d'), state: 'present' }));
      proven(run(copy, { ...defaults, content: '', dest: at('s/f') }));
      expect([modeOf('s/d'), lstatSync(at('s/d')).gid, lstatSync(at('s/f')).gid]).toEqual(['2755', 4321, 4321]);
    });

    cases('file sets a mode, links, touches and removes', () => {
      const fileArgs = { force: false };
      proven(run(file, { ...fileArgs, path: at('f'), state: 'touch', mode: '0600' }));
      expect(modeOf('f')).toBe('0600');
      proven(run(file, { ...fileArgs, path: at('f'), state: 'touch' }));
      proven(run(file, { ...fileArgs, path: at('f'), state: 'file', mode: '4755', owner: 1234 }));
      expect([modeOf('f'), lstatSync(at('f')).uid]).toEqual(['4755', 1234]);
      proven(run(file, { ...fileArgs, path: at('f'), state: 'file', owner: 0 }));
      expect([modeOf('f'), lstatSync(at('f')).uid]).toEqual(['4755', 0]);
      proven(run(file, { ...fileArgs, path: at('l'), state: 'link', src: 'f' }));
      proven(run(file, { ...fileArgs, path: at('l'), state: 'link', src: 'g', owner: 1234 }));
      expect([readlinkSync(at('l')), lstatSync(at('l')).uid]).toEqual(['g', 1234]);
      proven(run(file, { ...fileArgs, path: at('h'), state: 'hard', src: at('f') }));
      expect(lstatSync(at('h')).ino).toBe(lstatSync(at('f')).ino);
      expect(run(file, { ...fileArgs, path: at('f'), state: 'link', src: 'g' }).first.failed).toBe(
        `${at('f')} is a file`,
      );
      expect(run(file, { ...fileArgs, path: at('none'), state: 'file' }).first.failed).toBe(
        `${at('none')} is not there`,
      );
      proven(run(file, { ...fileArgs, path: at('l'), state: 'absent' }));
      proven(run(file, { ...fileArgs, path: at('f'), state: 'absent' }));
      expect(readdirSync(files.directory)).toEqual(['h']);
    });

    test('an owner that the host does not have is an error', () => {
      expect(run(directory, { path: files.directory, owner: 'nobody-like-this', state: 'present' }).first.failed).toBe(
        'there is no user nobody-like-this on this host',
      );
    });
  });
}
