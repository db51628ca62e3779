import { describe, expect, test } from 'vitest';
import { dials, loginAttempts, text } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import { noSshd, startSshd } from './sshd.ts';

const { connect } = loginAttempts();

describe.skipIf(noSshd !== undefined)(`with a real sshd${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  test.each([
    ['another key exchange', ['KexAlgorithms ecdh-sha2-nistp256']],
    ['another key exchange of a group', ['KexAlgorithms diffie-hellman-group14-sha256']],
  ])('a server that requires %s is logged in to at the plain pace', async (_, config) => {
    const other = await startSshd(config);
    try {
      const made = await dials(other, async () => {
        const { frames } = await connect(other.login());
        expect(text(frames)).toBe('hello');
      });
      expect(made).toBe(2);
    } finally {
      other.stop();
    }
  });

  test('a server without common algorithms is reported', async () => {
    const other = await startSshd(['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.message).toBe(`127.0.0.1 port ${other.port} and heal have no key exchange algorithm in common`);
    } finally {
      other.stop();
    }
  });

  test('a second authentication method that is required is named', async () => {
    const other = await startSshd([
      'AuthenticationMethods publickey,keyboard-interactive',
      'KbdInteractiveAuthentication yes',
      'UsePAM yes',
    ]);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.message).toMatch(
        /took the key of \w+, and requires a second authentication method as well \(keyboard-interactive\)$/,
      );
    } finally {
      other.stop();
    }
  });

  test('a server that allows no channel is distinguished from other errors', async () => {
    const other = await startSshd(['MaxSessions 0']);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(/^logging in to 127\.0\.0\.1 port \d+ failed: .*open failed/);
    } finally {
      other.stop();
    }
  });

  test('an account without permission for a shell is distinguished from other errors', async () => {
    const other = await startSshd(['ForceCommand echo This account is closed; exit 3']);
    try {
      const error = await refusal(connect(other.login()));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(
        /^the shell of \w+ on 127\.0\.0\.1 port \d+ ended with exit code 3: This account is closed$/,
      );
    } finally {
      other.stop();
    }
  });

  test('a shell that never answers times out', async () => {
    const other = await startSshd(['ForceCommand sleep 60']);
    try {
      // Long enough for the login itself on a busy machine.
      const error = await refusal(connect(other.login({ connectTimeout: 5 })));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(/^127\.0\.0\.1 port \d+ let \w+ in, but no shell answered within 5 s$/);
    } finally {
      other.stop();
    }
  });
});
