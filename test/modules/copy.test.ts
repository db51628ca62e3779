import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { copy } from '../../src/modules/copy.ts';
import { template } from '../../src/modules/template.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync } from '../child.ts';
import fc from '../samples.ts';
import { casesUnder } from '../shell/shells.ts';
import { contentOf } from './content.ts';
import { apply, decide, inputOf, shells } from './on-this-machine.ts';
import { proven } from './proven.ts';
import { scratchFiles } from './scratch-files.ts';

const defaults = { backup: false, force: true, follow: false };

for (const shell of shells()) {
  const cases = casesUnder(shell);
  describe.skipIf(shell.missing !== undefined)(`files under ${shell.name}`, () => {
    const files = scratchFiles(shell);
    const { at, modeOf, run } = files;

    test('copy creates a file, then changes nothing', () => {
      const done = proven(run(copy, { ...defaults, content: 'hello\n', dest: at('f'), mode: '0640' }));
      expect(done.first.changes.map(({ title, sign }) => [title, sign])).toEqual([
        [`create ${at('f')} (6 bytes)`, '+'],
      ]);
      expect(readFileSync(at('f'), 'utf8')).toBe('hello\n');
      expect(modeOf('f')).toBe('0640');
      expect(readdirSync(files.directory)).toEqual(['f']);
    });

    test('a new file has mode 0644 if no mode is given', () => {
      proven(run(copy, { ...defaults, content: '', dest: at('f') }));
      expect(modeOf('f')).toBe('0644');
    });

    test('a file of the host is copied with remote_src, and its content is not shown', () => {
      writeFileSync(at('source'), 'new\n', { mode: 0o600 });
      writeFileSync(at('f'), 'old\n', { mode: 0o640 });
      const args = { ...defaults, src: at('source'), remote_src: true, dest: at('f') };
      const done = proven(run(copy, args));
      expect(done.first.changes[0]).toMatchObject({ title: `update ${at('f')}`, sign: '~' });
      expect(done.first.changes[0]?.diff).toBeUndefined();
      expect([readFileSync(at('f'), 'utf8'), modeOf('f')]).toEqual(['new\n', '0640']);
      mkdirSync(at('d'));
      proven(run(copy, { ...args, dest: at('d') }));
      expect(readFileSync(at('d/source'), 'utf8')).toBe('new\n');
      symlinkSync('source', at('link'));
      const failed = (src: string): string | undefined => run(copy, { ...args, src: at(src) }).first.failed;
      expect([failed('none'), failed('link'), failed('d')]).toEqual([
        `there is no file ${at('none')} on the host`,
        `${at('link')} is a link, not a file`,
        `${at('d')} is a directory, not a file`,
      ]);
    });

    cases('a file of the host that changes after it was read, or is replaced by a link, is not copied', () => {
      writeFileSync(at('source'), 'mine\n');
      writeFileSync(at('secret'), 'for root alone\n');
      const args = { ...defaults, src: at('source'), remote_src: true, dest: at('f') };
      const { decision, states } = decide(shell, copy, args, inputOf());
      const [change] = decision.changes;
      if (change === undefined) throw new Error('nothing to change');
      const isRefused = (): void => {
        // With its guards, and without them: what was read is compared, too.
        for (const expects of [change.expects ?? [], []]) {
          expect(apply(shell, { ...change, expects }, states)).toMatchObject({ code: 97, stderr: 'moved\n' });
          expect(readdirSync(files.directory).sort()).toEqual(['secret', 'source']);
        }
      };
      writeFileSync(at('source'), 'theirs\n');
      isRefused();
      rmSync(at('source'));
      symlinkSync('secret', at('source'));
      isRefused();
    });

    test('an update keeps owner and mode, and shows the difference', () => {
      writeFileSync(at('f'), 'old\n', { mode: 0o600 });
      runSync('chown', ['1234:4321', at('f')]);
      const done = proven(run(copy, { ...defaults, content: 'new\n', dest: at('f') }));
      expect(done.first.changes[0]).toMatchObject({
        title: `update ${at('f')}`,
        sign: '~',
        diff: { before: 'old\n', after: 'new\n' },
      });
      expect([modeOf('f'), lstatSync(at('f')).uid, lstatSync(at('f')).gid]).toEqual(['0600', 1234, 4321]);
    });

    test('owner, group and mode are set without changing the content', () => {
      writeFileSync(at('f'), 'same\n', { mode: 0o600 });
      const inode = lstatSync(at('f')).ino;
      const done = proven(
        run(copy, { ...defaults, content: 'same\n', dest: at('f'), owner: 1234, group: '4321', mode: '0644' }),
      );
      expect(done.first.changes[0]?.title).toBe('owner root -> 1234, group root -> 4321, mode 0600 -> 0644');
      expect(lstatSync(at('f')).ino).toBe(inode);
    });

    test('any bytes under any name arrive unchanged', () => {
      const name = fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
        .filter((one) => !/[/\0\p{Surrogate}]/u.test(one) && !['.', '..'].includes(one.normalize()));
      fc.assert(
        fc.property(name, fc.uint8Array({ maxLength: 3000 }), (one, array) => {
          const bytes = Buffer.from(array);
          proven(
            run(
              copy,
              { ...defaults, src: 'x', dest: `${files.directory}/${one}`, mode: '0600' },
              { locals: { src: contentOf(bytes) } },
            ),
          );
          expect(readFileSync(`${files.directory}/${one}`)).toEqual(bytes);
          rmSync(`${files.directory}/${one}`);
        }),
        { numRuns: runsAllCases ? 15 : 6, interruptAfterTimeLimit: 30_000 },
      );
    });

    test('a content above 64 KiB is uploaded and renamed into place', () => {
      const bytes = Buffer.alloc(100_000, 'x\n');
      const done = proven(
        run(copy, { ...defaults, src: 'big.bin', dest: files.directory }, { locals: { src: contentOf(bytes) } }),
      );
      expect(done.first.changes[0]?.act).toMatchObject({ kind: 'upload', near: files.directory });
      expect(readFileSync(at('big.bin'))).toEqual(bytes);
      expect(modeOf('big.bin')).toBe('0644');
      expect(readdirSync(files.directory)).toEqual(['big.bin']);
    });

    test('a template in a directory loses its .hbs', () => {
      proven(
        run(
          template,
          { ...defaults, src: 'app.conf.hbs', dest: `${files.directory}/` },
          { locals: { src: contentOf(Buffer.from('a')) } },
        ),
      );
      expect(readdirSync(files.directory)).toEqual(['app.conf']);
    });

    cases('a link is replaced, or followed if asked', () => {
      writeFileSync(at('real'), 'old');
      symlinkSync('real', at('link'));
      proven(run(copy, { ...defaults, content: 'new', dest: at('link'), follow: true }));
      expect([readFileSync(at('real'), 'utf8'), readlinkSync(at('link'))]).toEqual(['new', 'real']);
      proven(run(copy, { ...defaults, content: 'own', dest: at('link') }));
      expect([readFileSync(at('real'), 'utf8'), lstatSync(at('link')).isFile()]).toEqual(['new', true]);
    });

    test('a link to a directory is entered', () => {
      mkdirSync(at('real'));
      symlinkSync('real', at('link'));
      proven(run(copy, { ...defaults, src: 'x', dest: at('link') }, { locals: { src: contentOf(Buffer.from('a')) } }));
      expect(readFileSync(at('real/x'), 'utf8')).toBe('a');
    });

    test('a missing directory is named', () => {
      const { first } = run(copy, { ...defaults, content: 'x', dest: at('none/f') });
      expect(first).toMatchObject({ changes: [], failed: `there is no directory ${at('none')}` });
    });

    test('a directory or a fifo is not replaced', () => {
      runSync('mkfifo', [at('fifo')]);
      expect(run(copy, { ...defaults, content: 'x', dest: at('fifo') }).first.failed).toBe(
        `${at('fifo')} is a fifo, not a file`,
      );
      expect(run(copy, { ...defaults, content: 'x', dest: files.directory }).first.failed).toBe(
        `${files.directory} is a directory`,
      );
    });

    test('force: false does not change an existing file', () => {
      writeFileSync(at('f'), 'mine');
      const { first } = run(copy, { ...defaults, force: false, content: 'x', dest: at('f') });
      expect(first).toMatchObject({ changes: [], message: `${at('f')} is there, and force is false` });
    });

    test('a backup is kept in the directory of the new file', () => {
      writeFileSync(at('f'), 'old', { mode: 0o600 });
      proven(run(copy, { ...defaults, backup: true, content: 'new', dest: at('f') }));
      const kept = readdirSync(files.directory).find((name) => name !== 'f') ?? '';
      expect(kept).toMatch(/^f\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d~$/);
      expect([readFileSync(at(kept), 'utf8'), modeOf(kept)]).toEqual(['old', '0600']);
    });

    cases('a content that the validation refuses is not put in place', () => {
      writeFileSync(at('f'), 'old');
      const bad = run(copy, { ...defaults, content: 'bad', dest: at('f'), validate: "grep -q 'good one' %s" });
      expect(bad.applied).toMatchObject([
        { code: 1, stderr: "the new content was refused by: grep -q 'good one' %s\n" },
      ]);
      expect([readFileSync(at('f'), 'utf8'), readdirSync(files.directory)]).toEqual(['old', ['f']]);
      proven(run(copy, { ...defaults, content: 'a good one', dest: at('f'), validate: "grep -q 'good one' %s" }));
    });

    test('an edit on the host in the meantime is detected', () => {
      writeFileSync(at('f'), 'old');
      const { decision, states } = decide(shell, copy, { ...defaults, content: 'new', dest: at('f') }, inputOf());
      writeFileSync(at('f'), 'odd');
      const [change] = decision.changes;
      if (change === undefined) throw new Error('no change');
      expect(apply(shell, change, states)).toMatchObject({ code: 97 });
      expect(readFileSync(at('f'), 'utf8')).toBe('odd');
    });

    test('a secret content is neither shown nor fetched', () => {
      writeFileSync(at('f'), 'old');
      const done = proven(
        run(
          template,
          { ...defaults, src: 's.hbs', dest: at('f') },
          { locals: { src: contentOf(Buffer.from('s3cret'), true) } },
        ),
      );
      const [change] = done.first.changes;
      expect(change?.diff).toBeUndefined();
      expect(change?.act.script.shown).not.toContain(Buffer.from('s3cret').toString('base64'));
    });
  });
}
