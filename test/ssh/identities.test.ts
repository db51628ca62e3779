import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HealError } from '../../src/core/errors.ts';
import { agentKeys } from '../../src/ssh/keys/agent-keys.ts';
import { identityFinder, type KeyChoice } from '../../src/ssh/keys/identities.ts';
import { runSync } from '../child.ts';
import { startAgent } from './agent.ts';
import { refusal } from './refusal.ts';
import { makeKey } from './sshd.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heal-keys-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function refusalOf(file: string): Promise<HealError> {
  return refusal(identityFinder({ home: directory, agentSocket: undefined })({ identityFile: file }));
}

describe('a key file', () => {
  test.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
    ['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['ecdsa in PEM', ['-t', 'ecdsa', '-m', 'PEM']],
  ])('of type %s is read', async (name, args) => {
    const file = makeKey(directory, `good ${name}`, ...args);
    const { usable } = await identityFinder({ home: directory, agentSocket: undefined })({ identityFile: file });
    expect(usable.map((identity) => identity.label)).toEqual([file]);
    expect(usable[0]?.key.isPrivateKey()).toBe(true);
  });

  test('is read once for many hosts', async () => {
    const file = makeKey(directory, 'once', '-t', 'ed25519');
    const find = identityFinder({ home: directory, agentSocket: undefined });
    const first = await find({ identityFile: file });
    rmSync(file);
    expect((await find({ identityFile: file })).usable[0]?.key).toBe(first.usable[0]?.key);
  });

  const broken: [string, (file: string) => void, string, string][] = [
    ['that is missing', () => {}, 'there is no key file FILE', 'check identity_file'],
    [
      'that is a directory',
      (file) => mkdirSync(file),
      'cannot read the key file FILE',
      'check that it is a regular file and that you have read permission',
    ],
    [
      'that is encrypted',
      (file) => runSync('ssh-keygen', ['-q', '-N', 'secret', '-t', 'ed25519', '-f', file]),
      'FILE is encrypted, and its passphrase was not given',
      'open it for the agent: ssh-add FILE',
    ],
    [
      'that is encrypted PEM',
      (file) => runSync('ssh-keygen', ['-q', '-N', 'secret', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-f', file]),
      'FILE is encrypted, and its passphrase was not given',
      'open it for the agent: ssh-add FILE',
    ],
    [
      'in PKCS#8',
      (file) => runSync('ssh-keygen', ['-q', '-N', '', '-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-f', file]),
      'FILE is a PKCS#8 key, which is not supported',
      'ssh-keygen -p -f FILE rewrites it in the format of OpenSSH',
    ],
    [
      'of PuTTY, version 3',
      (file) => writeFileSync(file, 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n'),
      'FILE is a key of PuTTY in a format that is not supported',
      'puttygen: Conversions, Export OpenSSH key',
    ],
    [
      'that is public',
      (file) => copyFileSync(`${makeKey(directory, 'pair', '-t', 'ed25519')}.pub`, file),
      'FILE contains a public key',
      'identity_file names the private one',
    ],
    [
      'of another kind',
      (file) => writeFileSync(file, 'hello\n'),
      'FILE contains no readable private key: Unsupported key format',
      'is this the right file?',
    ],
    [
      'on a security token',
      (file) => writeFileSync(file, skKey()),
      'FILE is a key of type sk-ssh-ed25519@openssh.com, which is not supported',
      'use an ed25519, ecdsa or rsa key',
    ],
  ];
  test.each(broken)('%s is refused', async (name, make, message, hint) => {
    const file = join(directory, `bad ${name.replaceAll(/\W/g, '-')}`);
    make(file);
    const error = await refusalOf(file);
    expect(error.kind).toBe('usage');
    expect(error.message).toBe(message.replace('FILE', file));
    expect(error.hint).toBe(hint.replace('FILE', file));
  });
});

describe('without a key file', () => {
  test('the default keys are tried in order, and those that cannot be used are named', async () => {
    const home = mkdtempSync(join(directory, 'home-'));
    mkdirSync(join(home, '.ssh'));
    const rsa = makeKey(join(home, '.ssh'), 'id_rsa', '-t', 'rsa', '-b', '2048');
    const ed = makeKey(join(home, '.ssh'), 'id_ed25519', '-t', 'ed25519');
    writeFileSync(join(home, '.ssh/id_ecdsa'), 'nothing');
    const { usable, remarks } = await identityFinder({ home, agentSocket: join(home, 'none') })({});
    expect(usable.map((identity) => identity.label)).toEqual([ed, rsa]);
    expect(remarks).toEqual([
      `the agent at ${join(home, 'none')} does not answer`,
      `${join(home, '.ssh/id_ecdsa')} contains no readable private key: Unsupported key format`,
    ]);
  });

  test('an agent that accepts a connection and never answers is skipped', async () => {
    const socket = join(directory, 'mute');
    const server = createServer(() => {}).listen(socket);
    try {
      await once(server, 'listening');
      expect(await agentKeys(ssh2.createAgent(socket), 100)).toBeUndefined();
    } finally {
      server.close();
    }
  });

  test('nothing is found if there is nothing', async () => {
    const found = await identityFinder({ home: join(directory, 'nobody'), agentSocket: undefined })({});
    expect(found).toEqual({ usable: [], remarks: [], locked: [] });
  });

  test("the agent's keys come first, first of all one that is a default key too, and none is tried twice", async () => {
    const home = mkdtempSync(join(directory, 'home-'));
    mkdirSync(join(home, '.ssh'));
    const ed = makeKey(join(home, '.ssh'), 'id_ed25519', '-t', 'ed25519');
    const other = makeKey(directory, 'other', '-t', 'ed25519');
    const agent = startAgent(directory, [other, ed]);
    try {
      const { usable } = await identityFinder({ home, agentSocket: agent.socket })({});
      expect(usable.map((identity) => identity.label)).toEqual(["the agent's id_ed25519", "the agent's other"]);
    } finally {
      agent.stop();
    }
  });
});

describe('key files of ~/.ssh/config', () => {
  test('come after the agent, and those that do not exist are skipped', async () => {
    const file = makeKey(directory, 'configured', '-t', 'ed25519');
    const agent = startAgent(directory, [makeKey(directory, 'held', '-t', 'ed25519')]);
    try {
      const find = identityFinder({ home: directory, agentSocket: agent.socket });
      const labels = async (choice: KeyChoice) => (await find(choice)).usable.map((identity) => identity.label);
      const identityFiles = [join(directory, 'no such key'), file];
      expect(await labels({ identityFiles })).toEqual(["the agent's held", file]);
      expect(await labels({ identityFiles, identitiesOnly: true })).toEqual([file]);
      expect(await labels({ identityFiles, agent: 'none' })).toEqual([file]);
      expect(await labels({ identityFiles: [] })).toEqual(["the agent's held"]);
      const other = identityFinder({ home: directory, agentSocket: undefined });
      expect((await other({ identityFiles: [], agent: { socket: agent.socket } })).usable).toHaveLength(1);
    } finally {
      agent.stop();
    }
  });

  test('may be public keys whose private keys the agent has, and then only these are tried', async () => {
    const file = makeKey(directory, 'half', '-t', 'ed25519');
    const agent = startAgent(directory, [makeKey(directory, 'unnamed', '-t', 'ed25519'), file]);
    rmSync(file);
    try {
      const find = identityFinder({ home: directory, agentSocket: agent.socket });
      for (const name of [file, `${file}.pub`]) {
        const { usable, remarks } = await find({ identityFiles: [name], identitiesOnly: true });
        expect(usable.map((identity) => identity.label)).toEqual(["the agent's half"]);
        expect(remarks).toEqual([]);
      }
    } finally {
      agent.stop();
    }
  });
});

test('an encrypted key is used if the agent has it', async () => {
  const file = makeKey(directory, 'opened', '-t', 'ed25519');
  const agent = startAgent(directory, [file]);
  try {
    runSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', file]);
    const { usable } = await identityFinder({ home: directory, agentSocket: agent.socket })({ identityFile: file });
    expect(usable.map((identity) => identity.label)).toEqual(["the agent's opened"]);
  } finally {
    agent.stop();
  }
});

/** A key whose private half is on a token, as ssh-keygen writes it: a real file with its type changed. */
function skKey(): string {
  const file = makeKey(directory, `sk-${Math.random()}`, '-t', 'ed25519');
  chmodSync(file, 0o600);
  const base64 = readFileSync(file, 'utf8').replaceAll(/-----.*-----|\n/g, '');
  const string = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text, 'latin1')]);
  };
  const changed = Buffer.from(base64, 'base64')
    .toString('latin1')
    .replaceAll(string('ssh-ed25519').toString('latin1'), string('sk-ssh-ed25519@openssh.com').toString('latin1'));
  const body = Buffer.from(changed, 'latin1').toString('base64');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
