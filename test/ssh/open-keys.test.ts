import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { isEncryptedKey } from '../../src/ssh/keys/encrypted-key.ts';
import { identityFinder } from '../../src/ssh/keys/identities.ts';
import { openKeys } from '../../src/ssh/keys/open-keys.ts';
import { runSync } from '../child.ts';
import { startAgent } from './agent.ts';
import { makeKey, testLogin } from './sshd.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-open-keys-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const locked = ['-N', 'open sesame', '-a', '1'];

/** Somebody who answers these, one after the other, and what was asked. */
function person(...answers: string[]) {
  const asked: string[] = [];
  const ask = async (file: string, again: boolean): Promise<Secret> => {
    asked.push(`${file}${again ? ' again' : ''}`);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`asked too much: ${asked.join(', ')}`);
    return new Secret(answer);
  };
  return { asked, ask };
}

function homeWith(...keys: [name: string, ...args: string[]][]): string {
  const home = mkdtempSync(join(directory, 'home-'));
  mkdirSync(join(home, '.ssh'));
  for (const [name, ...args] of keys) makeKey(join(home, '.ssh'), name, ...args);
  return home;
}

const sources = (home: string, agentSocket?: string) => ({ home, agentSocket });

describe('an encrypted key is recognized without its passphrase', () => {
  test.each([
    ['ed25519', ['-t', 'ed25519'], true],
    ['rsa', ['-t', 'rsa', '-b', '2048'], true],
    ['ecdsa', ['-t', 'ecdsa'], true],
    ['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM'], true],
    ['ecdsa in PEM', ['-t', 'ecdsa', '-m', 'PEM'], true],
    // ssh2 cannot read this format.
    ['rsa in PKCS#8', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8'], false],
  ])('%s', (name, args, wanted) => {
    const key = makeKey(directory, `seen ${name}`, ...args, ...locked);
    expect(isEncryptedKey(readFileSync(key, 'latin1'))).toBe(wanted);
    expect(isEncryptedKey(readFileSync(`${key}.pub`, 'latin1'))).toBe(false);
    expect(isEncryptedKey(readFileSync(makeKey(directory, `plain ${name}`, ...args), 'latin1'))).toBe(false);
  });

  test.each([
    '',
    'hello',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----',
  ])('not of %j', (text) => expect(isEncryptedKey(text)).toBe(false));
});

test.each([
  ['ed25519', ['-t', 'ed25519']],
  ['rsa', ['-t', 'rsa', '-b', '2048']],
  ['ecdsa in PEM', ['-t', 'ecdsa', '-m', 'PEM']],
])('a passphrase is asked once for all hosts, and the key is kept open (%s)', async (name, args) => {
  const file = makeKey(directory, `shared ${name}`, ...args, ...locked);
  const { asked, ask } = person('open sesame');
  const jump = testLogin({ name: 'bastion', identityFiles: [file] });
  const logins = [
    testLogin({ identityFile: file }),
    testLogin({ name: 'jack5', identityFile: file }),
    testLogin({ name: 'jack6', identityFiles: [file], jump }),
  ];
  const openedKeys = await openKeys(logins, sources(directory), ask);
  expect(asked).toEqual([file]);
  // The file is not read again.
  rmSync(file);
  const find = identityFinder({ ...sources(directory), openedKeys });
  for (const login of logins) {
    const { usable, locked: left } = await find(login);
    expect(usable.map(({ key }) => key)).toEqual([openedKeys.get(file)]);
    expect(left).toEqual([]);
  }
});

test.each(['ed25519', 'rsa'])('a wrong passphrase is asked for again, three times in all (%s)', async (type) => {
  const file = makeKey(directory, `wrong ${type}`, '-t', type, ...locked);
  const late = person('one', 'two', 'open sesame');
  const opened = await openKeys([testLogin({ identityFile: file })], sources(directory), late.ask);
  expect([...opened.keys()]).toEqual([file]);
  expect(late.asked).toEqual([file, `${file} again`, `${file} again`]);
  const never = person('one', 'two', 'three');
  await expect(openKeys([testLogin({ identityFile: file })], sources(directory), never.ask)).rejects.toMatchObject({
    kind: 'usage',
    message: `cannot open the key ${file}: 3 wrong passphrases`,
    hint: `check the passphrase with: ssh-keygen -y -f ${file}`,
  });
});

test('a wrong passphrase of a PEM file is asked for again', async () => {
  const file = makeKey(directory, 'wrong pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM', ...locked);
  const { ask, asked } = person('wrong', 'open sesame');
  expect((await openKeys([testLogin({ identityFile: file })], sources(directory), ask)).size).toBe(1);
  expect(asked).toHaveLength(2);
});

test('an empty passphrase leaves the key closed, and it is not asked for again', async () => {
  const file = makeKey(directory, 'skipped', '-t', 'ed25519', ...locked);
  const { ask, asked } = person('');
  const logins = [testLogin({ identityFile: file }), testLogin({ name: 'jack5', identityFiles: [file] })];
  expect((await openKeys(logins, sources(directory), ask)).size).toBe(0);
  expect(asked).toHaveLength(1);
});

describe('nothing is asked', () => {
  test('for a key that the agent has, also if its public key is only in the private file', async () => {
    const file = makeKey(directory, 'held', '-t', 'ed25519');
    const agent = startAgent(directory, [file]);
    try {
      runSync('ssh-keygen', ['-q', '-p', '-N', 'open sesame', '-a', '1', '-f', file]);
      rmSync(`${file}.pub`);
      const logins = [testLogin({ identityFile: file }), testLogin({ identityFiles: [file] })];
      await openKeys(logins, sources(directory, agent.socket), person().ask);
    } finally {
      agent.stop();
    }
  });

  test('for a default key, if the agent holds another one', async () => {
    const home = homeWith(['id_ed25519', '-t', 'ed25519', ...locked]);
    const agent = startAgent(directory, [makeKey(directory, 'of the agent', '-t', 'ed25519')]);
    try {
      await openKeys([testLogin()], sources(home, agent.socket), person().ask);
    } finally {
      agent.stop();
    }
  });

  test('for a default key, if another default key is not encrypted', async () => {
    const home = homeWith(['id_ed25519', '-t', 'ed25519', ...locked], ['id_ecdsa', '-t', 'ecdsa']);
    await openKeys([testLogin()], sources(home), person().ask);
  });

  test('for a default key, if there is a password', async () => {
    const home = homeWith(['id_ed25519', '-t', 'ed25519', ...locked]);
    await openKeys([testLogin({ password: new Secret('open sesame') })], sources(home), person().ask);
  });

  test('for a default key of hosts that have their own keys', async () => {
    const home = homeWith(['id_ed25519', '-t', 'ed25519', ...locked]);
    const own = makeKey(directory, 'own', '-t', 'ed25519');
    await openKeys(
      [testLogin({ identityFile: own }), testLogin({ identityFiles: [own] })],
      sources(home),
      person().ask,
    );
  });

  test('for files that do not exist or do not contain a key', async () => {
    writeFileSync(join(directory, 'text'), 'hello');
    const logins = ['nothing', 'text'].map((name) => testLogin({ identityFile: join(directory, name) }));
    await openKeys(logins, sources(directory), person().ask);
  });
});

test('of several encrypted default keys the first one is asked for, and the next if it stays closed', async () => {
  const home = homeWith(['id_ed25519', '-t', 'ed25519', ...locked], ['id_rsa', '-t', 'rsa', '-b', '2048', ...locked]);
  const [ed, rsa] = ['id_ed25519', 'id_rsa'].map((name) => join(home, '.ssh', name));
  const first = person('open sesame');
  await openKeys([testLogin()], sources(home), first.ask);
  expect(first.asked).toEqual([ed]);
  const second = person('', 'open sesame');
  await openKeys([testLogin()], sources(home), second.ask);
  expect(second.asked).toEqual([ed, rsa]);
});
