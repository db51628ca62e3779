import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Decision } from '../../src/core/module.ts';
import { type KeysWanted, readKey, withKeys } from '../../src/modules/accounts/authorized-key-text.ts';
import { authorizedKey } from '../../src/modules/authorized-key.ts';
import { factsHere, inputOf } from './on-this-machine.ts';

const one = 'ssh-ed25519 AAAAone= coach@laptop';
const two = 'ecdsa-sha2-nistp256 AAAAtwo coach@phone';

describe('a line of authorized_keys', () => {
  test.each([
    [one, ['', 'ssh-ed25519', 'AAAAone=', 'coach@laptop']],
    [`  no-pty,from="10.0.0.0/8"   ${one}`, ['no-pty,from="10.0.0.0/8"', 'ssh-ed25519', 'AAAAone=', 'coach@laptop']],
    ['command="echo \\"a b\\" ssh-rsa" ssh-rsa AAAA', ['command="echo \\"a b\\" ssh-rsa"', 'ssh-rsa', 'AAAA', '']],
    ['sk-ssh-ed25519@openssh.com AAAA a  b ', ['', 'sk-ssh-ed25519@openssh.com', 'AAAA', 'a  b']],
  ])('%s', (line, [options, type, blob, comment]) => {
    expect(readKey(line)).toEqual({ options, type, blob, comment });
  });
  test.each(['', '# ssh-rsa AAAA', 'ssh-rsa', 'hello world', 'no-pty ssh-what AAAA', 'ssh-rsa not/base64!'])(
    '%j is no key',
    (line) => expect(readKey(line)).toBeUndefined(),
  );
});

describe('the text of the file', () => {
  const keys = (...texts: string[]) => texts.flatMap((text) => readKey(text) ?? []);
  const other = '# work\n\nno-pty ssh-rsa AAAAother who@there';
  test.each<[string, Partial<KeysWanted>, string, string]>([
    ['', {}, `${one}\n`, '+'],
    [`${other}\n`, {}, `${other}\n${one}\n`, '+'],
    [other, {}, `${other}\n${one}\n`, '+'],
    [`${one}\n`, {}, `${one}\n`, ''],
    [`no-pty ${one.replace('laptop', 'mine')}\n`, {}, `no-pty ${one.replace('laptop', 'mine')}\n`, ''],
    [`no-pty ${one}\n`, { options: '' }, `${one}\n`, '~'],
    [`${one}\n`, { options: 'no-pty' }, `no-pty ${one}\n`, '~'],
    [`${one}\n`, { keys: keys(`restrict ${one}`) }, `restrict ${one}\n`, '~'],
    [`${one}\n${other}\n${one}\n`, {}, `${one}\n${other}\n`, '-'],
    [`${other}\n${one}\n`, { exclusive: true }, `# work\n\n${one}\n`, '-'],
    [`${other}\n`, { exclusive: true, keys: keys(one, two) }, `# work\n\n${one}\n${two}\n`, '-++'],
    [`${other}\n${one}\n`, { present: false }, `${other}\n`, '-'],
    [`${one}\n`, { present: false }, '', '-'],
    ['', { present: false }, '', ''],
  ])('%j %j', (text, more, expected, signs) => {
    const wanted = { keys: keys(one), present: true, exclusive: false, options: undefined, ...more };
    const done = withKeys(text, wanted);
    expect([done.text, done.changes.map(({ sign }) => sign).join('')]).toEqual([expected, signs]);
    expect(withKeys(done.text, wanted).changes).toEqual([]);
  });
});

describe('authorized_key', () => {
  const there = {
    uid: 0, gid: 0, home: '/root', directory: { type: 'directory', mode: '0700', uid: 0 },
    file: { type: 'file', mode: '0600', uid: 0 }, text: `${one}\n`,
  }; // biome-ignore format: a table
  const given = (args: JsonObject): JsonObject => ({
    user: 'root',
    key: one,
    exclusive: false,
    state: 'present',
    ...args,
  });
  const plan = (args: JsonObject, now: object | undefined, self = 'root'): Decision =>
    authorizedKey.plan(given(args), { there: now } as never, inputOf({ facts: { ...factsHere, user: self } }));
  const title = (args: JsonObject, now: object): string | undefined => plan(args, now).changes[0]?.title;

  test.each<[JsonObject, object, string | undefined]>([
    [{}, there, undefined],
    [{ key: two }, there, 'keys of root: add coach@phone'],
    [{ key: two, exclusive: true }, there, 'keys of root: remove coach@laptop, add coach@phone'],
    [{ state: 'absent' }, there, 'keys of root: remove coach@laptop'],
    [
      {},
      { ...there, file: { ...there.file, mode: '0644', uid: 5 } },
      'keys of root: mode of /root/.ssh/authorized_keys 0644 -> 0600, owner of /root/.ssh/authorized_keys 5 -> 0',
    ],
    [
      {},
      { ...there, directory: { ...there.directory, mode: '0755' } },
      'keys of root: mode of /root/.ssh 0755 -> 0700',
    ],
    [{ key: two, state: 'absent' }, { ...there, directory: { ...there.directory, mode: '0755' } }, undefined],
  ])('%j of %j', (args, now, expected) => {
    expect(title(args, now)).toBe(expected);
  });

  test('an impossible state is reported', () => {
    expect(plan({}, undefined).failed).toBe('there is no user root on this host');
    expect(plan({ state: 'absent' }, undefined)).toEqual({ changes: [] });
    expect(plan({}, { ...there, file: { ...there.file, type: 'link' } }).failed).toBe(
      '/root/.ssh/authorized_keys is a link',
    );
    expect(plan({ key: two }, there, 'app').failed).toBe('app may not change the keys of root');
    const wrong = (args: JsonObject) => authorizedKey.misuse?.(given(args))?.message;
    expect(wrong({})).toBeUndefined();
    expect(wrong({ key: `${one}\nhello` })).toBe('this is not a public key: hello');
    expect(wrong({ key: '# none' })).toBe('there is no key in key');
    expect(wrong({ exclusive: true, state: 'absent' })).toMatch(/^exclusive takes other keys away/);
  });
});
