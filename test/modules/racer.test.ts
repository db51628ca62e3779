import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Input, Module } from '../../src/core/module.ts';
import { acl } from '../../src/modules/acl.ts';
import { authorizedKey } from '../../src/modules/authorized-key.ts';
import { block } from '../../src/modules/block.ts';
import { copy } from '../../src/modules/copy.ts';
import { directory } from '../../src/modules/directory.ts';
import { file } from '../../src/modules/file.ts';
import { json } from '../../src/modules/json.ts';
import { line } from '../../src/modules/line.ts';
import { link } from '../../src/modules/link.ts';
import { replace } from '../../src/modules/replace.ts';
import { sync } from '../../src/modules/sync.ts';
import { unarchive } from '../../src/modules/unarchive.ts';
import { yaml } from '../../src/modules/yaml.ts';
import { directoryContent } from '../../src/run/transfer/local-directory.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync, startChild } from '../child.ts';
import { contentOf } from './content.ts';
import { apply, decide, inputOf, type Shell, scratch, shells } from './on-this-machine.ts';

// Each module that writes, in a directory of another account that replaces names by links as fast as it can: to a file that only
// root can read, and to the directory of that file. Nothing outside may change. HEAL_RACE_SECONDS=60 races for longer.

/** The uid of the account that owns the directory. */
const other = 65534;
const seconds = Number(process.env['HEAL_RACE_SECONDS'] ?? (runsAllCases ? 5 : 1));

/** What a module's optional arguments are if they are not given. */
function defaultsOf(module: Module): JsonObject {
  const schema = module.schema as {
    readonly properties?: Readonly<Record<string, { readonly default?: JsonObject[string] }>>;
  };
  const entries = Object.entries(schema.properties ?? {});
  return Object.fromEntries(entries.flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default]])));
}

/** One task of the race; `at` gives a path in the other account's directory, `n` counts the tasks. */
interface Racing {
  readonly module: Module;
  readonly args: (at: (name: string) => string, n: number) => JsonObject;
  readonly locals?: (top: string) => Promise<Input['locals']>;
}

const placed = { backup: true, force: true, follow: false, owner: other };
const edited = { backup: true, create: true, owner: other };
const odd = (n: number): boolean => n % 2 === 1;

const racing: Readonly<Record<string, Racing>> = {
  copy: { module: copy, args: (at, n) => ({ ...placed, content: `new ${n}`, dest: at('f') }) },
  'copy, uploaded': {
    module: copy,
    args: (at) => ({ ...placed, src: 'x', dest: at('f'), mode: '0644' }),
    locals: async () => ({ src: contentOf(Buffer.alloc(100_000, 'x\n')) }),
  },
  'file, touched': {
    module: file,
    args: (at) => ({ path: at('f'), state: 'touch', force: false, owner: other, mode: '0644' }),
  },
  'file, its mode': {
    module: file,
    args: (at, n) => ({
      path: at('f'),
      state: 'file',
      force: false,
      owner: odd(n) ? 0 : other,
      mode: odd(n) ? '0644' : '0666',
    }),
  },
  'file, removed': { module: file, args: (at) => ({ path: at('d'), state: 'absent', force: false }) },
  directory: {
    module: directory,
    args: (at, n) => ({ path: at('d/e'), state: 'present', owner: odd(n) ? 0 : other, mode: odd(n) ? '0777' : '0755' }),
  },
  'directory, removed': { module: directory, args: (at) => ({ path: at('d'), state: 'absent' }) },
  link: {
    module: link,
    args: (at, n) => ({ path: at('f'), src: `to-${n}`, state: 'present', force: true, hard: false, owner: other }),
  },
  line: { module: line, args: (at, n) => ({ ...edited, path: at('f'), line: `line ${n}`, state: 'present' }) },
  block: {
    module: block,
    args: (at, n) => ({ ...edited, path: at('f'), block: `${n}`, marker: '# {mark}', state: 'present', adopt: 'none' }),
  },
  replace: {
    module: replace,
    args: (at, n) => ({ ...edited, create: false, path: at('f'), regexp: '^.*$', replace: `${n}` }),
  },
  json: { module: json, args: (at, n) => ({ ...edited, path: at('j'), merge: { a: n } }) },
  yaml: { module: yaml, args: (at, n) => ({ ...edited, path: at('y'), merge: { a: n } }) },
  sync: {
    module: sync,
    args: (at, n) => ({ src: 'p', dest: at('d'), delete: true, exclude: [], owner: odd(n) ? 0 : other, mode: '0644' }),
    locals: async (top) => {
      mkdirSync(join(top, 'p/sub'), { recursive: true });
      for (const name of ['p/secret', 'p/sub/f']) writeFileSync(join(top, name), name);
      return { src: await directoryContent(join(top, 'p'), []) };
    },
  },
  unarchive: {
    module: unarchive,
    args: (at, n) => ({
      src: 'x.tar',
      dest: at('d'),
      remote_src: false,
      strip: 0,
      links_out: false,
      owner: odd(n) ? 0 : other,
      mode: '0644',
    }),
    locals: async (top) => {
      mkdirSync(join(top, 'p/sub'), { recursive: true });
      for (const name of ['p/secret', 'p/sub/f']) writeFileSync(join(top, name), name);
      runSync('tar', ['-C', join(top, 'p'), '-cf', join(top, 'x.tar'), '.']);
      return { src: contentOf(readFileSync(join(top, 'x.tar'))) };
    },
  },
  acl: {
    module: acl,
    args: (at, n) => ({
      path: at('d'),
      recursive: true,
      default: 'also',
      etype: 'user',
      entity: `${other}`,
      permissions: odd(n) ? 'rwX' : 'rX',
      state: 'present',
    }),
  },
  authorized_key: {
    module: authorizedKey,
    args: (_at, n) => ({
      user: 'racer',
      key: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ${n}`,
      exclusive: true,
      state: 'present',
    }),
  },
};

/** Replaces names by links, and creates again what a task needs, until it is ended. */
const racer = (home: string, to: readonly string[]): string => `
  const fs = require('node:fs');
  process.chdir(${JSON.stringify(home)});
  process.setgroups([]); process.setgid(${other}); process.setuid(${other});
  const to = ${JSON.stringify(to)};
  const quietly = (act) => { try { act(); } catch {} };
  console.log('started');
  for (let n = 0; ; n += 1) {
    for (const directory of ['.', 'd', 'd/sub', '.ssh']) {
      let names = [];
      quietly(() => { if (directory === '.' || fs.lstatSync(directory).isDirectory()) names = fs.readdirSync(directory); });
      for (const name of names) {
        if (name.startsWith('taken')) continue;
        const path = directory + '/' + name;
        quietly(() => { fs.renameSync(path, 'taken' + (n % 9)); fs.symlinkSync(to[n % to.length], path); });
      }
    }
    // Half of the time things are what they should be, so that tasks come further than their first look.
    if (n % 2 === 0) continue;
    for (const name of ['f', 'j', 'y']) quietly(() => { fs.rmSync(name, { recursive: true, force: true }); fs.writeFileSync(name, '{}'); });
    for (const name of ['d', 'd/sub', '.ssh']) quietly(() => { if (!fs.lstatSync(name).isDirectory()) fs.rmSync(name); });
    for (const name of ['d', 'd/sub', '.ssh']) quietly(() => fs.mkdirSync(name, { mode: 0o700 }));
    quietly(() => fs.writeFileSync('d/sub/secret', 'x'));
  }`;

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined || process.getuid?.() !== 0)(`a race under ${shell.name}`, () => {
    let top = '';
    const home = (...names: string[]): string => join(top, 'home', ...names);
    beforeEach(() => {
      top = scratch();
      chmodSync(top, 0o755);
      mkdirSync(join(top, 'etc'));
      writeFileSync(join(top, 'etc/secret'), 'for root alone', { mode: 0o600 });
      mkdirSync(home());
      chownSync(home(), other, other);
    });
    afterEach(() => rmSync(top, { recursive: true, force: true }));

    /** What the tasks need, in the directory of the other account. */
    const prepare = (): void => {
      for (const name of ['d', 'd/sub', '.ssh']) mkdirSync(home(name), { mode: 0o700 });
      for (const name of ['f', 'j', 'y']) writeFileSync(home(name), '{}');
      writeFileSync(home('d/sub/secret'), 'x');
      runSync('chown', ['-R', `${other}:${other}`, home()]);
    };
    const outside = (): unknown =>
      ['etc', 'etc/secret'].map((name) => {
        const { uid, gid, mode, nlink } = lstatSync(join(top, name));
        return [name, uid, gid, mode.toString(8), nlink];
      });
    const acls = (): string => runSync('getfacl', ['-pcR', join(top, 'etc')]);

    /** The shell on a machine that has the account of the directory. */
    const withAccount = (): Shell => {
      const accounts = readFileSync('/etc/passwd', 'utf8');
      writeFileSync(join(top, 'passwd'), `${accounts}racer:*:${other}:${other}::${home()}:/bin/sh\n`);
      const script = 'mount --bind "$0" /etc/passwd && exec "$@"';
      return { ...shell, enter: ['unshare', '-m', 'sh', '-c', script, join(top, 'passwd')] };
    };

    const chosen = runsAllCases ? Object.keys(racing) : ['copy', 'line'];
    // busybox has no tools for ACLs.
    const names = chosen.filter((name) => name !== 'acl' || !shell.name.startsWith('busybox'));
    test.each(names)(
      '%s changes nothing outside',
      async (name) => {
        const { module, args, locals } = racing[name] as Racing;
        const input = inputOf({ locals: (await locals?.(top)) ?? {} });
        const on = name === 'authorized_key' ? withAccount() : shell;
        const before = [outside(), acls()];
        // Without the other program the task succeeds, so that the race is not against a task that always fails.
        prepare();
        const alone = decide(on, module, { ...defaultsOf(module), ...args(home, 0) }, input);
        expect(alone.decision.failed).toBeUndefined();
        expect(alone.decision.changes.length).toBeGreaterThan(0);
        for (const change of alone.decision.changes) expect(apply(on, change, alone.states)).toMatchObject({ code: 0 });
        const started = startChild(
          process.execPath,
          ['-e', racer(home(), [join(top, 'etc/secret'), join(top, 'etc')])],
          {
            limitMs: (seconds + 60) * 1000,
          },
        );
        await started.firstLine;
        const end = Date.now() + seconds * 1000;
        let acts = 0;
        let succeeded = 0;
        try {
          // At least one change is tried, also on a busy machine.
          for (let n = 1; Date.now() < (acts === 0 ? end + 60_000 : end); n += 1) {
            const { decision, states } = decide(on, module, { ...defaultsOf(module), ...args(home, n) }, input);
            for (const change of decision.changes) {
              acts += 1;
              // Without guards: what changed since it was read does not end the act.
              const { code } = apply(on, { ...change, expects: [] }, states);
              if (code !== 0) break;
              succeeded += 1;
            }
            // The limit of the test is noticed between two tasks.
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          await started.stop();
        }
        expect(acts).toBeGreaterThan(0);
        expect([outside(), acls()]).toEqual(before);
        expect(readFileSync(join(top, 'etc/secret'), 'utf8')).toBe('for root alone');
        expect(readdirSync(join(top, 'etc'))).toEqual(['secret']);
        if (runsAllCases) console.log(`${shell.name}, ${name}: ${acts} changes tried, ${succeeded} applied`);
      },
      (seconds + 90) * 1000,
    );
  });
}
