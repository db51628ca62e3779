import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { acl } from '../../src/modules/acl.ts';
import { copy } from '../../src/modules/copy.ts';
import { file } from '../../src/modules/file.ts';
import { runSync } from '../child.ts';
import { casesUnder } from '../shell/shells.ts';
import { apply, converge, decide, inputOf, type Shell, scratch, shells } from './on-this-machine.ts';
import { proven, titles } from './proven.ts';

const placed = { backup: false, force: true, follow: false };
const tools = ['/usr/bin/getfacl', '/usr/bin/setfacl'];
const missing = tools.every((path) => existsSync(path)) ? undefined : 'no setfacl';

/** A busybox that has the package acl beside it, as on Alpine. */
function withTools(shell: Shell): Shell {
  if (!shell.name.startsWith('busybox')) return shell;
  const directory = scratch();
  for (const tool of tools) symlinkSync(tool, join(directory, tool.slice('/usr/bin/'.length)));
  return { ...shell, path: `${shell.path}:${directory}` };
}

for (const bare of shells()) {
  const cases = casesUnder(bare);
  describe.skipIf(bare.missing !== undefined || missing !== undefined)(`acl under ${bare.name}`, () => {
    const shell = withTools(bare);
    let directory = '';
    const at = (name: string): string => join(directory, name);
    const put = (name: string, mode = 0o644): void => writeFileSync(at(name), '', { mode });
    const set = (name: string, ...entries: string[]): void => {
      runSync('setfacl', ['-n', ...entries.flatMap((one) => ['-m', one]), at(name)]);
    };
    const get = (name: string): string[] =>
      runSync('getfacl', ['-cpnE', at(name)])
        .trim()
        .split('\n')
        .filter((line) => !/^(default:)?(user::|other:)/.test(line));
    const run = (args: JsonObject, path = directory) =>
      converge(shell, acl, { path, etype: 'user', default: false, recursive: false, state: 'present', ...args });

    beforeEach(() => {
      directory = scratch();
      runSync('chmod', ['0755', directory]);
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    cases('an entry for a number that no account has', () => {
      put('f');
      const done = proven(run({ user: 101000, permissions: 'rw' }, at('f')));
      expect(titles(done)).toEqual([`grant rw to user 101000 on ${at('f')}`]);
      expect(done.first.changes[0]?.diff).toMatchObject({
        before: `${at('f')} user:101000:none\n`,
        after: `${at('f')} user:101000:rw-\n`,
      });
      expect(get('f')).toEqual(['user:101000:rw-', 'group::r--', 'mask::rw-']);
      proven(run({ entity: 101000, permissions: 'rw' }, at('f')));
      expect(titles(run({ user: '101000', permissions: 'wr' }, at('f')))).toEqual([]);
    });

    cases('names are looked up on the host, and an unknown one is an error', () => {
      put('f');
      proven(
        run(
          {
            entries: [
              { user: 'nobody', permissions: 'r' },
              { group: 'daemon', permissions: 'rx' },
            ],
          },
          at('f'),
        ),
      );
      expect(get('f')).toEqual(['user:65534:r--', 'group::r--', 'group:1:r-x', 'mask::r-x']);
      expect(run({ user: 'nobody-like-this', permissions: 'r' }, at('f')).first.failed).toBe(
        'there is no user nobody-like-this on this host',
      );
      expect(run({ user: 'nobody-like-this', state: 'absent' }, at('f')).first).toEqual({ changes: [] });
    });

    cases('files and directories are granted apart, in a whole directory, now and later', () => {
      mkdirSync(at('a/b'), { recursive: true });
      for (const name of ['f', 'a/f', 'a/b/f', 'a/-n', "a/it's a |name=\\012\n\\"]) put(name, 0o600);
      symlinkSync('/etc/passwd', at('a/link'));
      symlinkSync('/etc', at('directory-link'));
      const passwd = runSync('getfacl', ['-cpn', '/etc/passwd']);
      const args = { user: 101000, files: 'rw', directories: 'rwx', recursive: true, default: 'also' };
      const done = proven(run(args));
      expect(titles(done)).toEqual([
        `grant rw (files) and rwx (directories) to user 101000, also by default, on 8 of 8 paths in ${directory}`,
      ]);
      expect(get('a/b')).toEqual([
        'user:101000:rwx', 'group::r-x', 'mask::rwx', 'default:user:101000:rwx', 'default:group::r-x', 'default:mask::rwx',
      ]); // biome-ignore format: a table
      for (const name of ['a/b/f', 'a/-n', "a/it's a |name=\\012\n\\"]) {
        expect(get(name)).toEqual(['user:101000:rw-', 'group::---', 'mask::rw-']);
      }
      expect(runSync('getfacl', ['-cpn', '/etc/passwd'])).toBe(passwd);
      // What is made now inherits, and an x that the mask hides is no difference.
      put('a/new', 0o666);
      mkdirSync(at('a/newer'));
      expect(titles(run(args))).toEqual([]);
    });

    cases('a mask of --- is widened for the entry, and for no other', () => {
      proven(run({ user: 101000, files: 'rw', directories: 'rwx', recursive: true, default: 'also' }));
      set('.', 'd:u:55:rwx', 'd:m::rwx');
      put('f', 0o600);
      expect(get('f')).toEqual(['user:55:rwx', 'user:101000:rwx', 'group::r-x', 'mask::---']);
      const done = proven(run({ user: 101000, files: 'rw', directories: 'rwx', recursive: true }));
      expect(titles(done)).toEqual([
        `grant rw (files) and rwx (directories) to user 101000 on 1 of 2 paths in ${directory}`,
      ]);
      expect(get('f')).toEqual(['user:55:---', 'user:101000:rw-', 'group::---', 'mask::rw-']);
      // The entry of another task is then its own affair, and both hold.
      proven(run({ user: 55, permissions: 'r' }, at('f')));
      expect(titles(run({ user: 101000, files: 'rw', directories: 'rwx', recursive: true }))).toEqual([]);
    });

    cases('X is x for directories and for programs alone', () => {
      mkdirSync(at('d'));
      put('program', 0o755);
      put('text', 0o640);
      proven(run({ group: 77, permissions: 'rX', recursive: true }));
      expect(['d', 'program', 'text'].map((name) => get(name)[1])).toEqual([
        'group:77:r-x', 'group:77:r-x', 'group:77:r--',
      ]); // biome-ignore format: a table
    });

    test('an entry with too many permissions is reduced, and the mask is kept', () => {
      put('f');
      set('f', 'u:101000:rwx', 'g::rwx', 'm::rwx');
      proven(run({ user: 101000, permissions: 'r' }, at('f')));
      expect(get('f')).toEqual(['user:101000:r--', 'group::rwx', 'mask::rwx']);
    });

    test('an entry without permissions denies access', () => {
      put('f');
      proven(run({ user: 101000, permissions: '' }, at('f')));
      expect(get('f')).toContain('user:101000:---');
    });

    cases('state absent takes entries away, and the mask with the last one', () => {
      mkdirSync(at('d'));
      put('f', 0o640);
      const args = {
        entries: [
          { user: 1, permissions: 'rwx' },
          { user: 2, permissions: 'r' },
        ],
        recursive: true,
      };
      proven(run({ ...args, default: 'also' }));
      set('f', 'm::---');
      proven(run({ user: 1, recursive: true, state: 'absent', default: 'also' }));
      expect([get('f'), get('d')]).toEqual([
        ['user:2:r--', 'group::r--', 'mask::---'],
        ['user:2:r--', 'group::r-x', 'mask::rwx', 'default:user:2:r--', 'default:group::r-x', 'default:mask::rwx'],
      ]);
      const done = proven(run({ user: 2, recursive: true, state: 'absent', default: 'also' }));
      expect(titles(done)).toEqual([`take the entries of user 2 from 3 of 3 paths in ${directory}`]);
      // The group had nothing under that mask, and gains nothing by its going.
      expect([get('f'), get('d')]).toEqual([['group::---'], ['group::r-x']]);
      expect(titles(run({ user: 2, state: 'absent' }, at('none')))).toEqual([]);
    });

    cases('a mode and an ACL do not undo each other', () => {
      put('f', 0o600);
      const entries = { user: 101000, permissions: 'rw' };
      const mode = { path: at('f'), mode: '0600', state: 'file' };
      proven(run(entries, at('f')));
      for (let round = 0; round < 2; round += 1) {
        proven(converge(shell, copy, { ...placed, content: `round ${round}`, dest: at('f'), mode: '0600' }));
        expect(titles(converge(shell, file, mode))).toEqual([]);
        expect(titles(run(entries, at('f')))).toEqual([]);
      }
      proven(converge(shell, file, { ...mode, mode: '0604' }));
      expect(titles(run(entries, at('f')))).toEqual([]);
    });

    test('an impossible combination is reported', () => {
      put('f');
      symlinkSync('f', at('link'));
      expect(run({ user: 1, permissions: 'r' }, at('none')).first.failed).toBe(`${at('none')} is not there`);
      expect(run({ user: 1, permissions: 'r' }, at('link')).first).toMatchObject({ failed: `${at('link')} is a link` });
      expect(run({ user: 1, permissions: 'r', default: true }, at('f')).first.failed).toBe(
        `${at('f')} is a file: only directories have default entries`,
      );
    });

    test('a directory that becomes a link meanwhile is skipped', () => {
      mkdirSync(at('d'));
      mkdirSync(at('elsewhere'));
      put('d/f');
      put('elsewhere/f');
      const args = { path: at('d'), user: 9, permissions: 'r', etype: 'user', default: false, recursive: true };
      const { decision, states } = decide(shell, acl, { ...args, state: 'present' }, inputOf());
      rmSync(at('d'), { recursive: true });
      symlinkSync(at('elsewhere'), at('d'));
      const [change] = decision.changes;
      if (change === undefined) throw new Error('no change');
      expect(apply(shell, change, states)).toMatchObject({ code: 1, stderr: `${at('d')} is a link\n` });
      expect(get('elsewhere/f')).toEqual(['group::r--']);
    });

    test('several paths, and thousands of files, with few programs', () => {
      mkdirSync(at('a'));
      mkdirSync(at('b'));
      for (let i = 0; i < 3000; i += 1) put(`a/f${i}`);
      const paths = { path: [at('a'), `${at('b')}/`], user: 9, files: 'r', directories: 'rx', recursive: true };
      // Tools that write down that they were called: one call a file would be thousands.
      const only = at('tools');
      mkdirSync(only);
      for (const tool of tools) {
        const text = `#!/bin/sh\necho >>${at('calls')}\nexec ${tool} "$@"\n`;
        writeFileSync(join(only, tool.slice('/usr/bin/'.length)), text, { mode: 0o755 });
      }
      const counted = { ...shell, path: `${only}:${shell.path}` };
      const args = { etype: 'user', default: false, state: 'present', ...paths };
      const done = proven(converge(counted, acl, args));
      const calls = readFileSync(at('calls'), 'utf8').length;
      expect([calls > 0, calls < 100]).toEqual([true, true]);
      expect(titles(done)).toEqual([
        `grant r (files) and rx (directories) to user 9 on 3001 of 3001 paths in ${at('a')}`,
        `grant r (files) and rx (directories) to user 9 on 1 of 1 paths in ${at('b')}`,
      ]);
      expect(done.first.changes[0]?.diff?.before.split('\n').at(-2)).toBe('and 2981 more');
      expect(done.first.changes.map(({ touches }) => touches)).toEqual([[`tree:${at('a')}`], [`tree:${at('b')}`]]);
    });

    if (bare.name.startsWith('busybox'))
      test('without the tools on the host, the error names the package to install', () => {
        put('f');
        const args = { path: at('f'), user: 9, permissions: 'r', etype: 'user', default: false, recursive: false };
        expect(converge(bare, acl, { ...args, state: 'present' }).first.failed).toBe(
          'the host has no getfacl and setfacl: install the package acl',
        );
      });
  });
}
