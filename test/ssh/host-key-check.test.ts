import { readFileSync, statSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostKeyCheck } from '../../src/ssh/host-keys/host-key.ts';
import { loginAttempts } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import { noSshd, type Sshd, startSshd } from './sshd.ts';

const { connect } = loginAttempts();

describe.skipIf(noSshd !== undefined)(`with a real sshd${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

  test('an unknown host is refused, and the fingerprint shown', async () => {
    const file = join(sshd.directory, 'none', 'known_hosts');
    const error = await refusal(connect(sshd.login({ knownHostsFile: file })));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(
      /^the host key of 127\.0\.0\.1 port \d+ is unknown: ssh-ed25519 SHA256:\S+ is not in /,
    );
    expect(error.hint).toContain(`ssh-keyscan -t ed25519 -p ${sshd.port} 127.0.0.1 >> ${file}`);
  });

  test('accept-new records an unknown host in a file that only its owner can read, and knows it afterwards', async () => {
    const file = join(sshd.directory, 'new', 'known_hosts');
    await connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' }));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await connect(sshd.login({ knownHostsFile: file }));
    writeFileSync(file, 'other ssh-ed25519 AAAA');
    await connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' }));
    expect(readFileSync(file, 'utf8')).toMatch(/^other ssh-ed25519 AAAA\n\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+\n$/);
  });

  test('a new key is in the file before the login ends, and once if the login has a second attempt', async () => {
    const file = join(sshd.directory, 'slowly', 'known_hosts');
    const login = sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' });
    const { appendFile } = promises;
    // A slow disk.
    promises.appendFile = async (...given) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return appendFile(...given);
    };
    syncBuiltinESMExports();
    try {
      await connect(login);
      expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
    } finally {
      promises.appendFile = appendFile;
      syncBuiltinESMExports();
    }
    const twice = join(sshd.directory, 'twice');
    const check = await hostKeyCheck({ ...login, knownHostsFile: twice });
    const blob = readFileSync(`${sshd.hostKeys.ed25519}.pub`, 'utf8').split(' ')[1] ?? '';
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(check.refuse(Buffer.from(blob, 'base64'))).toBeUndefined();
      await check.remember();
    }
    expect(readFileSync(twice, 'utf8').split('\n')).toHaveLength(2);
  });

  test('a revoked key is refused', async () => {
    const file = join(sshd.directory, 'revoked');
    writeFileSync(file, `@revoked * ${readFileSync(`${sshd.hostKeys.ed25519}.pub`, 'utf8')}`);
    const error = await refusal(connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'accept-new' })));
    expect(error.message).toMatch(/is revoked: ssh-ed25519 SHA256:\S+ is marked @revoked in .*revoked:1$/);
  });

  test('without checking, a changed key does not matter', async () => {
    const file = join(sshd.directory, 'off');
    writeFileSync(file, `[127.0.0.1]:${sshd.port} ${readFileSync(`${sshd.key}.pub`, 'utf8')}`);
    await connect(sshd.login({ knownHostsFile: file, hostKeyChecking: 'off' }));
  });
});
