import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Question } from '../../src/core/probe.ts';
import type { State } from '../../src/core/state.ts';
import { command } from '../../src/probes/command.ts';
import { content } from '../../src/probes/content.ts';
import { entry } from '../../src/probes/entry.ts';
import { listener } from '../../src/probes/listener.ts';
import { group, user } from '../../src/probes/user.ts';
import { runSync } from '../child.ts';
import { ask, scratch, shells } from '../modules/on-this-machine.ts';
import fc from '../samples.ts';
import { startServer } from '../server.ts';

const [dash] = shells();
if (dash === undefined) throw new Error('no shell to test under');

// busybox's timeout leaves a watcher behind for a second, and whoever reads a pipe that it holds waits for it. Run under
// dash, for busybox ash takes its own applet whatever PATH says.
test.skipIf(dash.missing !== undefined)('the limit of a stat inherits no pipe of the probe', () => {
  const directory = scratch();
  const record = join(directory, 'descriptors');
  writeFileSync(record, '');
  writeFileSync(
    join(directory, 'timeout'),
    // Without a pipe or a redirection, whose own descriptors would be among them.
    `#!/bin/sh\nfor n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo $n >>'${record}'; done\nshift 3\nexec "$@"\n`,
    { mode: 0o755 },
  );
  const watched = { ...dash, path: `${directory}:${dash.path}` };
  for (const path of ['/etc/passwd', join(directory, 'a new\nline')]) ask(watched, [entry(path)]);
  expect(readFileSync(record, 'utf8')).toBe('');
  rmSync(directory, { recursive: true });
});

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined)(`probes under ${shell.name}`, () => {
    let directory = '';
    beforeEach(() => {
      directory = scratch();
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const one = <V>(question: Question<V>): State<V> => ask(shell, [question]).get(question.key) as State<V>;
    const all = (questions: readonly Question<unknown>[]) => {
      const states = ask(shell, questions);
      return questions.map((question) => states.get(question.key));
    };

    test('each type of entry is reported', () => {
      writeFileSync(join(directory, 'file'), 'hello\n', { mode: 0o640 });
      mkdirSync(join(directory, 'dir'), { mode: 0o755 });
      symlinkSync('file', join(directory, 'link'));
      runSync('mkfifo', ['-m', '0600', join(directory, 'fifo')]);
      const states = all([
        entry(join(directory, 'file'), { hash: true }),
        entry(join(directory, 'dir')),
        entry(join(directory, 'link'), { hash: true }),
        entry(join(directory, 'fifo'), { hash: true }),
        entry('/dev/null'),
        entry(join(directory, 'none')),
        entry(join(directory, 'file/below')),
      ]);
      expect(states).toMatchObject([
        {
          kind: 'present',
          value: {
            type: 'file', mode: '0640', uid: 0, owner: 'root', size: 6, readable: true, acl: false, mountpoint: false,
            sha256: createHash('sha256').update('hello\n').digest('hex'),
          },
        },
        { kind: 'present', value: { type: 'directory', mode: '0755', size: 0 } },
        { kind: 'present', value: { type: 'link', target: 'file' } },
        { kind: 'present', value: { type: 'fifo', mode: '0600' } },
        { kind: 'present', value: { type: 'char' } },
        { kind: 'absent' },
        { kind: 'absent' },
      ]); // biome-ignore format: a table
    });

    test('names with any characters are distinguished', () => {
      const anyName = fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
        .filter((name) => !/[/\0\p{Surrogate}]/u.test(name) && name !== '.' && name !== '..');
      fc.assert(
        fc.property(fc.uniqueArray(anyName, { minLength: 1, maxLength: 6 }), (names) => {
          const inside = mkdtempSync(join(directory, 'p-'));
          for (const [i, name] of names.entries()) {
            if (i % 3 === 0) writeFileSync(`${inside}/${name}`, name);
            if (i % 3 === 1) symlinkSync(`to ${name}`, `${inside}/${name}`);
          }
          const states = all(names.map((name) => entry(`${inside}/${name}`, { hash: true })));
          for (const [i, name] of names.entries()) {
            const sha256 = createHash('sha256').update(name).digest('hex');
            if (i % 3 === 0) expect(states[i]).toMatchObject({ kind: 'present', value: { type: 'file', sha256 } });
            if (i % 3 === 1) expect(states[i]).toMatchObject({ value: { type: 'link', target: `to ${name}` } });
            if (i % 3 === 2) expect(states[i]).toEqual({ kind: 'absent' });
          }
        }),
        { numRuns: 40 },
      );
    });

    test('250 missing paths among others take one stat', () => {
      const paths = Array.from({ length: 250 }, (_, i) => entry(`${directory}/missing-${i}`));
      // A `stat` that writes down that it was called. busybox takes its own whatever PATH says.
      const calls = join(directory, 'calls');
      const text = `#!/bin/sh\necho called >>'${calls}'\nPATH='${shell.path}'\nexec stat "$@"\n`;
      writeFileSync(join(directory, 'stat'), text, { mode: 0o755 });
      const questions = [...paths, entry(directory)];
      const states = ask({ ...shell, path: `${directory}:${shell.path}` }, questions);
      const kinds = questions.map((question) => states.get(question.key)?.kind);
      expect(kinds).toEqual([...paths.map(() => 'absent'), 'present']);
      if (!shell.name.startsWith('busybox')) expect(readFileSync(calls, 'utf8')).toBe('called\n');
    });

    test.skipIf(process.getuid?.() !== 0)('an inaccessible path is denied, not absent', () => {
      mkdirSync(join(directory, 'shut'), { mode: 0o700 });
      writeFileSync(join(directory, 'shut/f'), '');
      writeFileSync(join(directory, 'secret'), '', { mode: 0o600 });
      runSync('chmod', ['0755', directory]);
      const nobody = { ...shell, enter: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] };
      const questions = [
        entry(join(directory, 'shut/f')),
        entry(join(directory, 'shut/f\n')),
        entry(join(directory, 'secret'), { hash: true }),
        entry(join(directory, 'none')),
        content(join(directory, 'secret')),
        content(join(directory, 'shut/f')),
      ];
      const states = ask(nobody, questions);
      expect(questions.map(({ key }) => states.get(key))).toMatchObject([
        { kind: 'denied', why: expect.stringContaining('shut/f') },
        { kind: 'denied' },
        { kind: 'present', value: { readable: false } },
        { kind: 'absent' },
        { kind: 'denied', why: join(directory, 'secret') },
        { kind: 'denied' },
      ]);
    });

    test('a mount point is reported', () => {
      expect(one(entry('/proc'))).toMatchObject({ value: { mountpoint: true } });
    });

    test('an ACL is reported if the host has tools for it', () => {
      const path = join(directory, 'f');
      writeFileSync(path, '');
      runSync('setfacl', ['-m', 'u:1234:rw', path]);
      runSync('setfacl', ['-d', '-m', 'u:1234:rwx', directory]);
      const states = all([entry(path), entry(directory)]);
      const [known, none] = [{ value: { acl: true } }, { value: { acl: false } }];
      const expected = { value: { acl: false, defaultAcl: { mode: '770', extended: true } } };
      expect(states).toMatchObject(shell.name.startsWith('busybox') ? [none, none] : [known, expected]);
    });

    test('content is returned as bytes, or with the reason why not', () => {
      const bytes = Buffer.from([0, 1, 255, 10, 13, 10]);
      writeFileSync(join(directory, 'f'), bytes);
      const states = all([
        content(join(directory, 'f')),
        content(join(directory, 'f'), {}, 3),
        content(directory),
        content(join(directory, 'none')),
      ]);
      expect(states).toMatchObject([
        { kind: 'present', value: { bytes, sha256: createHash('sha256').update(bytes).digest('hex') } },
        { kind: 'unavailable', why: `${directory}/f has 6 bytes, more than the 3 that are read` },
        { kind: 'unavailable', why: `${directory} is not a regular file` },
        { kind: 'absent' },
      ]);
    });

    test('a command returns its code and both outputs separately, byte for byte', () => {
      const state = one(
        command({ shell: `printf 'a\\000\\n\\n'; echo oops >&2; cat; exit 7`, stdin: "x'y\n", chdir: directory }),
      );
      expect(state).toMatchObject({
        value: { code: 7, stdout: Buffer.from("a\0\n\nx'y\n"), stderr: Buffer.from('oops\n'), truncated: false },
      });
    });

    test('a command as a list of arguments runs unchanged, and a missing directory is an error', () => {
      expect(one(command({ argv: ['printf', '%s|', 'a b', "c'd"] }))).toMatchObject({
        value: { code: 0, stdout: Buffer.from("a b|c'd|") },
      });
      expect(one(command({ argv: ['true'], chdir: `${directory}/none` }))).toMatchObject({ value: { code: 2 } });
    });

    test('a command that cannot be parsed has a code, not a broken answer', () => {
      expect(one(command({ shell: 'if then )' }))).toMatchObject({ value: { code: 2 } });
    });

    test('output of more than 1 MiB is cut, and that is reported', () => {
      const state = one(command({ shell: 'head -c 3000000 /dev/zero; echo fine >&2' }));
      expect(state).toMatchObject({ value: { code: 0, truncated: true, stderr: Buffer.from('fine\n') } });
      expect(state.kind === 'present' && state.value.stdout.length).toBe(1024 * 1024);
    });

    test('accounts are looked up by name and by number', () => {
      expect(all([user('root'), user(0), user('nobody-like-this'), group('root')])).toMatchObject([
        { value: { name: 'root', uid: 0, gid: 0, home: '/root' } },
        { value: { name: 'root' } },
        { kind: 'absent' },
        { value: { name: 'root', gid: 0 } },
      ]);
    });

    test('a listener is found by its port', async () => {
      const server = await startServer(`require('net').createServer()`);
      try {
        const { port, pid } = server;
        expect(all([listener(port), listener(1)])).toMatchObject([
          {
            value: {
              processes: [{ pid, comm: 'node', uid: 0, containerised: false }],
              addresses: ['127.0.0.1'],
              hidden: 0,
            },
          },
          { kind: 'absent' },
        ]);
      } finally {
        await server.stop();
      }
    });
  });
}
