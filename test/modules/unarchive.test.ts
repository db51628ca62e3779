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
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { unarchive } from '../../src/modules/unarchive.ts';
import { runSync } from '../child.ts';
import { casesUnder } from '../shell/shells.ts';
import { contentOf } from './content.ts';
import { type Converged, converge, scratch, shells } from './on-this-machine.ts';

const defaults = { remote_src: false, strip: 0, links_out: false };

/** A tar of members that no tar program would write: names as they are, type 0 file, 2 link, 3 device. */
function tarOf(members: readonly (readonly [name: string, type?: string, target?: string])[]): Buffer {
  const blocks = members.map(([name, type = '0', target = '']) => {
    const body = type === '0' ? 'evil' : '';
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write('0000644\0', 100);
    head.write('0000000\0', 108);
    head.write('0000000\0', 116);
    head.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    head.write('14000000000\0', 136);
    head.write('        ', 148);
    head.write(type, 156);
    head.write(target, 157);
    head.write('ustar\x0000', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const padded = Buffer.alloc(body === '' ? 0 : 512);
    padded.write(body);
    return Buffer.concat([head, padded]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

for (const shell of shells()) {
  const cases = casesUnder(shell);
  describe.skipIf(shell.missing !== undefined)(`unarchive under ${shell.name}`, () => {
    let directory = '';
    const at = (name: string): string => join(directory, name);
    const dest = (name = ''): string => join(directory, 'dest', name);
    const visible = (): string[] =>
      readdirSync(dest())
        .filter((name) => !name.startsWith('.heal-unarchive-'))
        .sort();
    const run = (name: string, args: JsonObject = {}): Converged =>
      converge(
        shell,
        unarchive,
        { ...defaults, src: name, dest: dest(), ...args },
        { locals: { src: contentOf(readFileSync(at(name))) } },
      );
    const proven = (done: Converged): Converged => {
      expect(done.first.failed).toBeUndefined();
      expect(done.applied.map(({ code, stderr }) => [code, stderr])).toEqual(done.applied.map(() => [0, '']));
      for (const { predicted, asked } of done.predicted) expect(asked).toEqual(predicted);
      expect(done.after).toMatchObject({ changes: [] });
      return done;
    };
    const titles = (done: Converged): string[] => done.first.changes.map(({ title }) => title);

    beforeEach(() => {
      directory = scratch();
      mkdirSync(dest());
      mkdirSync(at('app-1/bin'), { recursive: true });
      writeFileSync(at('app-1/bin/run it'), '#!/bin/sh\n', { mode: 0o755 });
      writeFileSync(at('app-1/.hidden'), 'h');
      writeFileSync(at('app-1/read'), 'r', { mode: 0o600 });
      symlinkSync('bin/run it', at('app-1/start'));
      runSync('chown', ['-hR', '1234:4321', at('app-1')]);
      runSync('tar', ['-C', directory, '-czf', at('app.tgz'), 'app-1']);
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    test('an archive is unpacked once, and other files in the directory are kept', () => {
      writeFileSync(dest('mine'), 'mine');
      const done = proven(run('app.tgz'));
      expect(titles(done)).toEqual([`unpack app.tgz into ${dest()}`]);
      expect(visible()).toEqual(['app-1', 'mine']);
      expect(readFileSync(dest('app-1/start'), 'utf8')).toBe('#!/bin/sh\n');
      const modes = ['bin/run it', 'read'].map((name) => lstatSync(dest(`app-1/${name}`)).mode & 0o777);
      expect([modes, lstatSync(dest('app-1/read')).uid, lstatSync(dest('app-1/start')).uid]).toEqual([
        [0o755, 0o600],
        0,
        0,
      ]);
      proven(run('app.tgz'));
      expect(titles(run('app.tgz'))).toEqual([]);
    });

    cases('leading directories are left out, owner and mode are set', () => {
      proven(run('app.tgz', { strip: 1, owner: 1, group: 2, mode: '0640' }));
      expect(visible()).toEqual(['.hidden', 'bin', 'read', 'start']);
      const seen = ['bin', 'bin/run it', 'read'].map((name) => lstatSync(dest(name)));
      expect(seen.map(({ mode, uid, gid }) => [(mode & 0o7777).toString(8), uid, gid])).toEqual([
        ['750', 1, 2],
        ['640', 1, 2],
        ['640', 1, 2],
      ]);
      expect(lstatSync(dest()).uid).toBe(process.getuid?.());
      expect(titles(run('app.tgz', { strip: 1, owner: 1, group: 2, mode: '0600' }))).toEqual([
        `unpack app.tgz into ${dest()}`,
      ]);
    });

    cases('another archive, and what was changed or is gone, has it unpacked anew', () => {
      proven(run('app.tgz', { strip: 1 }));
      writeFileSync(dest('read'), 'changed');
      expect(titles(proven(run('app.tgz', { strip: 1 })))).toEqual([
        `unpack app.tgz into ${dest()}: what it had left there was changed`,
      ]);
      expect(readFileSync(dest('read'), 'utf8')).toBe('r');
      rmSync(dest('start'));
      proven(run('app.tgz', { strip: 1 }));
      expect(readlinkSync(dest('start'))).toBe('bin/run it');
      utimesSync(dest('read'), 1, 1);
      expect(titles(run('app.tgz', { strip: 1 }))).not.toEqual([]);
      writeFileSync(at('app-1/read'), 'newer');
      runSync('tar', ['-C', directory, '-cf', at('app.tgz'), 'app-1']);
      proven(run('app.tgz', { strip: 1 }));
      expect(readFileSync(dest('read'), 'utf8')).toBe('newer');
    });

    cases('one that is on the host already, and what it creates', () => {
      const args = { src: at('app.tgz'), remote_src: true };
      proven(converge(shell, unarchive, { ...defaults, dest: dest(), ...args }));
      expect(visible()).toEqual(['app-1']);
      const run2 = (more: JsonObject) =>
        converge(shell, unarchive, { ...defaults, dest: dest(), ...args, ...more }).first;
      expect(run2({ creates: dest('app-1/bin') })).toEqual({ changes: [], message: `${dest('app-1/bin')} is there` });
      expect(run2({ src: at('none') }).failed).toBe(`there is no archive ${at('none')}`);
      expect(run2({ dest: at('none') }).failed).toBe(`there is no directory ${at('none')}`);
    });

    cases('setuid is not handed on', () => {
      chmodSync(at('app-1/read'), 0o6755);
      runSync('tar', ['-C', directory, '-cf', at('s.tar'), 'app-1']);
      proven(run('s.tar'));
      expect((lstatSync(dest('app-1/read')).mode & 0o7777).toString(8)).toBe('755');
    });

    test.each<[string, Parameters<typeof tarOf>[0], RegExp]>([
      ['absolute', [['/tmp/heal-evil']], /names that point outside the directory/],
      ['climbing', [['good'], ['a/../../../heal-evil']], /names that point outside the directory/],
      ['through a link', [['x', '2', '/tmp'], ['x/heal-evil']], /./],
      ['through a climbing link', [['x', '2', '../..'], ['x/heal-evil']], /./],
      [
        'a link out',
        [['ok'], ['x', '2', '/etc/passwd']],
        /a link that points outside the directory.*: x -> \/etc\/passwd/,
      ],
      ['a climbing link', [['d/x', '2', '../../y']], /a link that points outside the directory.*: d\/x -> /],
      [
        'links that climb together',
        [
          ['here', '2', '.'],
          ['x', '2', 'here/..'],
        ],
        /a link that points outside/,
      ],
      ['a name of lines', [['a\nb']], /a name of several lines|names that lead out/],
      ['a pipe', [['p', '6']], /not a file, directory or link: p/],
    ])('a malicious archive is rejected, and no file remains: %s', (_name, members, words) => {
      writeFileSync(at('evil.tar'), tarOf(members));
      const done = run('evil.tar');
      expect(done.applied[0]?.code).not.toBe(0);
      expect(done.applied[0]?.stderr).toMatch(words);
      expect(readdirSync(dest())).toEqual([]);
      for (const path of [at('heal-evil'), '/tmp/heal-evil', '/tmp/etc/passwd']) expect(existsSync(path)).toBe(false);
    });

    test('a link that an earlier archive left is not followed', () => {
      writeFileSync(at('one.tar'), tarOf([['x', '2', '/tmp']]));
      proven(run('one.tar', { links_out: true }));
      writeFileSync(at('two.tar'), tarOf([['x/heal-evil']]));
      const done = run('two.tar');
      expect(done.applied[0]).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('/x is a link, and a directory in the archive'),
      });
      expect(existsSync('/tmp/heal-evil')).toBe(false);
    });

    cases('a hard link to a file outside is refused before its owner or mode changes', () => {
      const secret = at('secret');
      writeFileSync(secret, 'for root alone', { mode: 0o600 });
      writeFileSync(at('hard.tar'), tarOf([['a'], ['y', '1', secret]]));
      const { applied } = run('hard.tar', { owner: 65534, mode: '0644' });
      expect(applied[0]?.code).not.toBe(0);
      const { uid, mode } = lstatSync(secret);
      expect([uid, mode & 0o7777, readdirSync(dest())]).toEqual([0, 0o600, []]);
      if (shell.name.startsWith('busybox'))
        expect(applied[0]?.stderr).toBe('it has a hard link that points outside the directory: y\n');
    });

    cases('links inside are kept', () => {
      writeFileSync(
        at('in.tar'),
        tarOf([['d/f'], ['d/e/l', '2', '../f'], ['l', '2', 'd/../d/f'], ['gone', '2', 'nowhere']]),
      );
      proven(run('in.tar'));
      expect([readFileSync(dest('d/e/l'), 'utf8'), readlinkSync(dest('gone'))]).toEqual(['evil', 'nowhere']);
    });

    cases('what is no archive, or empty, is an error that leaves nothing', () => {
      writeFileSync(at('bad.tar'), 'this is no archive at all');
      expect(run('bad.tar').applied[0]).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/tar can't read it|nothing in it/),
      });
      writeFileSync(at('empty.tar'), Buffer.alloc(10240));
      expect(run('empty.tar').applied[0]).toMatchObject({ code: 1, stderr: 'there is nothing in it\n' });
      expect(readdirSync(dest())).toEqual([]);
    });
  });
}
