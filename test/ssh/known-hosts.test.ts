import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  fingerprint,
  hostKeyAlgorithms,
  judge,
  knownHostLine,
  parseKnownHosts,
} from '../../src/ssh/host-keys/known-hosts.ts';

/** A public key as SSH writes it: only its type matters here. */
function publicKey(type: string, content: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(content)]);
}

const ed = publicKey('ssh-ed25519', 'one');
const otherEd = publicKey('ssh-ed25519', 'two');
const rsa = publicKey('ssh-rsa', 'three');
const ecdsa = publicKey('ecdsa-sha2-nistp256', 'four');
const line = (names: string, key: Buffer): string => {
  const type = key.toString('latin1', 4, 4 + key.readUInt32BE(0));
  return `${names} ${type} ${key.toString('base64')}`;
};
const hashed = (name: string): string => {
  const salt = Buffer.from('01234567890123456789');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};

describe('a host key', () => {
  const cases: [string, string[], string, number, Buffer, string][] = [
    ['on file is known', [line('a.example', ed)], 'a.example', 22, ed, 'known'],
    ['of a host that is not on file is unknown', [line('b.example', ed)], 'a.example', 22, ed, 'unknown'],
    ['is unknown when the file is empty', [], 'a.example', 22, ed, 'unknown'],
    ['that differs has changed', [line('a.example', ed)], 'a.example', 22, otherEd, 'changed 1'],
    ['of another type than the one on file has changed', [line('a.example', rsa)], 'a.example', 22, ed, 'changed 1'],
    [
      'of the second type on file is known',
      [line('a.example', rsa), line('a.example', ed)],
      'a.example',
      22,
      ed,
      'known',
    ],
    ['that differs names the line of its type', [line('a', rsa), '', line('a', ed)], 'a', 22, otherEd, 'changed 3'],
    ['is found by any of several names', [line('x,192.0.2.4,y', ed)], '192.0.2.4', 22, ed, 'known'],
    ['is found whatever the case of its name', [line('A.Example', ed)], 'a.exAMPLE', 22, ed, 'known'],
    ['of a port of its own is known', [line('[a]:2222', ed)], 'a', 2222, ed, 'known'],
    ['of another port is unknown', [line('[a]:2222', ed)], 'a', 22, ed, 'unknown'],
    ['that is known by name alone counts for a port', [line('a', ed)], 'a', 2222, ed, 'known'],
    ['of port 22 says nothing against another port', [line('a', ed)], 'a', 2222, otherEd, 'unknown'],
    ['of port 22 does not help a port that has its own', [line('a', ed), line('[a]:2', rsa)], 'a', 2, ed, 'changed 2'],
    ['is found by a wildcard', [line('*.example', ed)], 'a.example', 22, ed, 'known'],
    ['is found by a question mark', [line('192.0.2.?', ed)], '192.0.2.4', 22, ed, 'known'],
    ['is not found where a name is ruled out', [line('!a.example,*.example', ed)], 'a.example', 22, ed, 'unknown'],
    [
      'is not found where a name is ruled out later',
      [line('*.example,!a.example', ed)],
      'a.example',
      22,
      ed,
      'unknown',
    ],
    ['is found by a hashed name', [line(hashed('a.example'), ed)], 'a.example', 22, ed, 'known'],
    ['is found by a hashed name and port', [line(hashed('[a]:2222'), ed)], 'a', 2222, ed, 'known'],
    ['is not found by the hash of another', [line(hashed('b.example'), ed)], 'a.example', 22, ed, 'unknown'],
    ['of IPv6 is found', [line('2001:db8::1', ed)], '2001:db8::1', 22, ed, 'known'],
    ['that is revoked is refused', [`@revoked ${line('*', ed)}`], 'a', 22, ed, 'revoked 1'],
    [
      'that is revoked is refused though it is on file',
      [line('a', ed), `@revoked ${line('a', ed)}`],
      'a',
      22,
      ed,
      'revoked 2',
    ],
    ['beside a revoked one is known', [`@revoked ${line('a', otherEd)}`, line('a', ed)], 'a', 22, ed, 'known'],
    ['of an authority is not a host key', [`@cert-authority ${line('*', ed)}`], 'a', 22, ed, 'unknown'],
    ['in a comment is none', [`# ${line('a', ed)}`, `#${line('a', ed)}`], 'a', 22, ed, 'unknown'],
    ['is found after broken lines', ['a', 'a ssh-ed25519', 'a ssh-ed25519 AAAA', line('a', ed)], 'a', 22, ed, 'known'],
    ['is found with a comment and CRLF', [`  ${line('a', ed)} me@home\r`], 'a', 22, ed, 'known'],
  ];
  test.each(cases)('%s', (_, lines, address, port, key, expected) => {
    const verdict = judge(parseKnownHosts(lines.join('\n'), '/kh'), address, port, key);
    expect('entry' in verdict ? `${verdict.is} ${verdict.entry.place.line}` : verdict.is).toBe(expected);
  });

  test('is looked up quickly, also with many wildcards', () => {
    // Tried in every way this would take longer than the tests' patience with a blocked worker, by many powers of ten.
    const names = `${'*a'.repeat(300)}b`;
    expect(judge(parseKnownHosts(line(names, ed), '/kh'), 'a'.repeat(3000), 22, ed).is).toBe('unknown');
  });

  test('is written as in OpenSSH', () => {
    expect(knownHostLine('A', 2222, ed)).toBe(`${line('[a]:2222', ed)}\n`);
    expect(fingerprint(ed)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});

describe('the algorithms offered for host keys', () => {
  test('begin with those on file, and an RSA key is not offered with SHA-1', () => {
    const entries = parseKnownHosts([line('a', rsa), line('a', ecdsa), line('b', ed)].join('\n'), '/kh');
    expect(hostKeyAlgorithms(entries, 'a', 22).slice(0, 4)).toEqual([
      'ecdsa-sha2-nistp256',
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
    ]);
    expect(hostKeyAlgorithms(entries, 'c', 22)[0]).toBe('ssh-ed25519');
    expect(hostKeyAlgorithms(entries, 'c', 22)).not.toContain('ssh-rsa');
  });
});
