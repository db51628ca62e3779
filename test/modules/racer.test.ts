import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { runsAllCases } from '../all-cases.ts';
import { runSync, startChild } from '../child.ts';
import { apply, decide, inputOf, type Shell, scratch, shells } from './on-this-machine.ts';
import { other, type Racing, racing } from './racing-tasks.ts';

// Each module that writes, in a directory of another account that replaces names by links as fast as it can: to a file that only
// root can read, and to the directory of that file. Nothing outside may change. HEAL_RACE_SECONDS=60 races for longer.

const seconds = Number(process.env['HEAL_RACE_SECONDS'] ?? (runsAllCases ? 5 : 1));

/** What a module's optional arguments are if they are not given. */
function defaultsOf(module: Module): JsonObject {
  const schema = module.schema as {
    readonly properties?: Readonly<Record<string, { readonly default?: JsonObject[string] }>>;
  };
  const entries = Object.entries(schema.properties ?? {});
  return Object.fromEntries(entries.flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default]])));
}

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
