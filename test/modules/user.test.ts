import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision, Module } from '../../src/core/module.ts';
import { group } from '../../src/modules/group.ts';
import { user } from '../../src/modules/user.ts';
import type { UserDetails } from '../../src/probes/user-details.ts';
import { inputOf } from './on-this-machine.ts';

const there: UserDetails = {
  name: 'app', uid: 1000, gid: 1000, group: 'app', groups: ['docker', 'www'], comment: '', home: '/home/app', shell: '/bin/sh',
}; // biome-ignore format: a table
const hash = '$6$salt$hash';

function plan(module: Module, args: JsonObject, answers: object): Decision {
  return module.plan(args, answers as never, inputOf());
}
const titles = ({ failed, changes }: Decision): readonly string[] =>
  failed === undefined ? changes.map(({ title }) => title) : [`failed: ${failed}`];

describe('user', () => {
  const given = (args: JsonObject): JsonObject => ({
    name: 'app', append: false, create_home: true, move_home: false, system: false, update_password: 'always',
    state: 'present', remove: false, force: false, ...args,
  }); // biome-ignore format: a table
  const decide = (args: JsonObject, now: UserDetails | undefined = there, namesake?: object): Decision =>
    plan(user, given(args), { there: now, namesake });

  test.each<[JsonObject, UserDetails | undefined, readonly string[]]>([
    [{}, there, []],
    [{ uid: 1000, group: 'app', home: '/home/app', shell: '/bin/sh', comment: '' }, there, []],
    [{ group: 1000 }, there, []],
    [{ group: '1000' }, there, []],
    [{ groups: ['www', 'docker', 'app'] }, there, []],
    [{ groups: 'docker, www' }, there, []],
    [{ groups: ['docker'], append: true }, there, []],
    [{ groups: ['sudo'], append: true }, there, ['user app: join sudo']],
    [{ groups: ['sudo', 'www'] }, there, ['user app: join sudo, leave docker']],
    [{ groups: [] }, there, ['user app: leave docker, www']],
    [{ groups: '' }, there, ['user app: leave docker, www']],
    [
      { uid: 7, shell: '/bin/bash', comment: 'The App', home: '/srv/app' },
      there,
      ['user app: uid 1000 -> 7, comment (none) -> The App, home /home/app -> /srv/app, shell /bin/sh -> /bin/bash'],
    ],
    [{ password: hash }, { ...there, passwordIs: true }, []],
    [{ password: hash }, { ...there, passwordIs: false }, ['user app: set the password']],
    [{ password: hash, update_password: 'on_create' }, there, []],
    [{ uid: 7 }, undefined, ['create user app (7)']],
    [{ state: 'absent' }, undefined, []],
    [{ state: 'absent' }, there, ['remove user app']],
    [{ state: 'absent', remove: true }, there, ['remove user app and its home /home/app']],
  ])('%j', (args, now, expected) => {
    expect(titles(plan(user, given(args), { there: now }))).toEqual(expected);
  });

  test('a hash is never shown, and a value that is not a hash is rejected', () => {
    const [change] = decide({ password: hash }, { ...there, passwordIs: false }).changes;
    expect(change?.act.script.text).toContain(hash);
    expect(change?.act.script.shown).not.toContain('hash');
    expect(JSON.stringify(change?.predicts)).not.toContain(hash);
    expect(user.misuse?.(given({ password: 'hunter2' }))?.message).toMatch(/must be a crypt\(5\) hash/);
    expect(user.misuse?.(given({ password: '!' }))).toBeUndefined();
  });

  test('a new account is not predicted, an existing one is', () => {
    expect(plan(user, given({}), {}).changes[0]?.predicts).toBeUndefined();
    expect(decide({ shell: '/bin/bash', groups: ['a'] }).changes[0]?.predicts?.map(({ state }) => state)).toEqual([
      { kind: 'present', value: { ...there, shell: '/bin/bash', groups: ['a'] } },
      { kind: 'present', value: { name: 'app', uid: 1000, gid: 1000, home: '/home/app', shell: '/bin/bash' } },
    ]);
    expect(decide({ group: 'www' }).changes[0]?.predicts).toBeUndefined();
  });

  test('without useradd, the arguments are those of busybox', () => {
    const args = { uid: 7, groups: ['a', 'b'], home: '/srv/x', create_home: false, system: true, comment: "it's X" };
    const script = plan(user, given(args), {}).changes[0]?.act.script.text;
    expect(script).toContain(`adduser '-D' '-S' '-H' '-u' '7' '-g' 'it'\\''s X' '-h' '/srv/x' 'app' || exit 1`);
    expect(script).toContain(`for g in 'a' 'b'; do addgroup 'app' "$g" || exit 1; done`);
  });

  test('an existing group with the name of the account is used', () => {
    const script = plan(user, given({}), { namesake: { name: 'app', gid: 5, members: [] } }).changes[0]?.act.script
      .text;
    expect(script).toContain("useradd '-m' '-g' 'app' -- 'app'");
  });
});

describe('group', () => {
  const app = { name: 'app', gid: 50, members: ['x'] };
  const given = (args: JsonObject): JsonObject => ({ name: 'app', system: false, state: 'present', ...args });
  test.each<[JsonObject, object, readonly string[]]>([
    [{}, { group: app }, []],
    [{ gid: 50 }, { group: app, taken: app }, []],
    [{}, {}, ['create group app']],
    [{ gid: 51 }, {}, ['create group app (51)']],
    [{ gid: 51 }, { group: app }, ['gid of app 50 -> 51']],
    [{ gid: 51 }, { taken: { name: 'b', gid: 51, members: [] } }, ['failed: gid 51 is that of group b']],
    [{ state: 'absent' }, {}, []],
    [{ state: 'absent' }, { group: app }, ['remove group app']],
  ])('%j', (args, answers, expected) => {
    expect(titles(plan(group, given(args), answers))).toEqual(expected);
  });
});
