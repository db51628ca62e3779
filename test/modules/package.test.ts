import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision } from '../../src/core/module.ts';
import { packages } from '../../src/modules/package.ts';
import { installed, type Package, packageProbe } from '../../src/probes/package.ts';
import { runSync } from '../child.ts';
import { ask, factsHere, inputOf, shells } from './on-this-machine.ts';

const there = (version: string, candidate = ''): Package => ({ stamp: { version, candidate } });

function plan(
  args: JsonObject,
  answers: object,
  commands: Record<string, string> = { 'apt-get': '/x' },
  before?: object,
): Decision {
  const given = {
    state: 'present', update_cache: false, cache_valid_time: 3600, install_recommends: true, allow_downgrade: false,
    purge: false, autoremove: false, lock_timeout: 60, ...args,
  }; // biome-ignore format: a table
  const input = inputOf({ facts: { ...factsHere, commands } });
  return packages.plan(given, answers as never, input, before as never);
}

const lists = (age: number) => ({ lists: { stamp: { age } } });

test.each<[JsonObject, object, readonly string[]]>([
  [{ name: 'a' }, { package0: there('1') }, []],
  [{ name: 'a' }, { package0: {} }, []],
  [{ name: 'a' }, {}, ['install a']],
  [{ name: ['a', 'b'] }, { package1: there('1') }, ['install a']],
  [{ name: 'a', update_cache: true }, {}, ['fetch the package lists', 'install a']],
  [{ name: 'a', update_cache: true }, lists(3000), ['install a']],
  [{ name: 'a', update_cache: true }, { package0: there('1'), ...lists(9000) }, []],
  [{ update_cache: true }, lists(9000), ['fetch the package lists']],
  [{ update_cache: true }, lists(10), []],
  [{ update_cache: true }, { lists: {} }, []],
  [{ name: 'a=2' }, { package0: there('1') }, ['a 1 -> 2']],
  [{ name: 'a=2' }, { package0: there('2') }, []],
  [{ name: 'a=2' }, {}, ['install a 2']],
  [{ name: 'a', state: 'latest' }, { package0: there('1', '1') }, []],
  [{ name: 'a', state: 'latest' }, { package0: there('1', '2') }, ['a 1 -> 2']],
  [{ name: 'a', state: 'latest' }, { package0: there('1') }, []],
  [
    { name: ['a', 'b'], state: 'latest', update_cache: true },
    { package0: there('1', '1'), ...lists(9000) },
    ['fetch the package lists', 'bring a 1 to the newest, install b'],
  ],
  [{ name: ['a', 'b'], state: 'absent' }, { package1: there('1') }, ['remove b']],
  [{ name: 'a', state: 'absent', purge: true }, { package0: there('1') }, ['purge a']],
  [{ name: 'a', state: 'absent' }, { package0: { provider: 'b' } }, []],
])('%j', (args, answers, expected) => {
  expect(plan(args, answers).changes.map(({ title }) => title)).toEqual(expected);
});

describe('package', () => {
  test('lists that were just fetched are not fetched again, even if they are valid for a very short time', () => {
    expect(plan({ update_cache: true, cache_valid_time: 0 }, lists(1), undefined, {}).changes).toEqual([]);
  });

  test('an answer that depends on the new lists is not predicted', () => {
    const { changes } = plan({ name: 'a', state: 'latest', update_cache: true }, { package0: there('1', '1') });
    expect(changes.map(({ predicts }) => predicts?.length)).toEqual([1, undefined]);
    expect(plan({ name: 'a' }, {}).changes[0]?.predicts).toHaveLength(2);
  });

  test("a package may alter what is the distribution's, never what is the owner's", () => {
    const touches = plan({ name: 'a' }, {}).changes[0]?.touches ?? [];
    expect(touches).toEqual(expect.arrayContaining(['packages', 'users', 'tree:/etc', 'tree:/usr']));
    expect(touches.filter((one) => /root|home|srv/.test(one))).toEqual([]);
  });

  test('hosts without apt', () => {
    expect(plan({ name: 'a', state: 'latest' }, {}, { apk: '/x' }).failed).toBe(
      'state latest is supported only for apt, and the host has apk',
    );
    expect(plan({ name: 'a' }, {}, { apk: '/x' }).changes[0]?.act.script.text).toBe("apk add --wait '60' 'a'");
    expect(plan({ name: 'a' }, {}, {}).failed).toMatch(/no package manager/);
  });

  test('a name or a fetch of the lists is required', () => {
    expect(packages.misuse?.({ update_cache: false })?.message).toBe('package needs a name, or update_cache');
  });
});

const architecture = existsSync('/usr/bin/dpkg') ? runSync('dpkg', ['--print-architecture']).trim() : undefined;

for (const shell of shells()) {
  describe.skipIf(shell.missing !== undefined)(`the package probe under ${shell.name}`, () => {
    test('packages of this machine', () => {
      const questions = [
        installed('dash'),
        installed('awk'),
        installed('no-such-package'),
        installed(`libc6:${architecture}`),
      ];
      const states = ask(shell, questions);
      const found = questions.map(({ key }) => states.get(key));
      if (shell.name.startsWith('busybox')) {
        return expect(found[0]).toMatchObject({ kind: 'unavailable', why: expect.stringContaining('apt, dnf, apk') });
      }
      expect(found).toMatchObject([
        { kind: 'present', value: { stamp: { version: expect.stringMatching(/^\d/) } } },
        { kind: 'present', value: { provider: expect.stringContaining('awk') } },
        { kind: 'absent' },
        { kind: 'present' },
      ]);
    });
  });
}

test.each([
  ['rpm', 'rpm\na|a|1.2-3.fc40\n', { kind: 'present', value: { stamp: { version: '1.2-3.fc40', candidate: '' } } }],
  ['apk', 'apk\na|a-1.2-r3\n', { kind: 'present', value: { stamp: { version: '', candidate: '' } } }],
])('answers of %s', (_name, body, expected) => {
  const output = Buffer.from(`\nN ${body}\nN end\n`);
  const items = [{ id: 'i', params: { name: 'a', newest: false } }];
  expect(packageProbe.parse({ nonce: 'N', output, code: 0 }, items).get('i')).toEqual(expected);
});
