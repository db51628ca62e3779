import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/ssh/connect.ts';
import { never } from './login-attempts.ts';
import { refusal } from './refusal.ts';
import type { Relay } from './relay.ts';
import { ends, none, output, pieces, sessions } from './sessions.ts';
import { noSshd, startSshd } from './sshd.ts';

describe.skipIf(noSshd !== undefined)(`a session${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  const own = sessions();
  const { connect, sleeper } = own;
  let relay: Relay;
  beforeAll(() => {
    ({ relay } = own);
  });

  describe.skipIf(process.getuid?.() !== 0 || !existsSync('/usr/bin/sudo'))('with sudo', () => {
    const become = { become: true, becomeUser: 'nobody' };

    test('is the other user, in programs and channels', async () => {
      const connection = await connect(become);
      expect(await output(connection, sh`id -un; umask; echo "$LC_ALL"`)).toBe('nobody\n0077\nC');
      const { stdout } = await connection.channel(sh`id -un; cat`, pieces(Buffer.from('input')), never);
      expect(stdout.toString()).toBe('nobody\ninput');
    });

    test('is not used to become the login user', async () => {
      const connection = await connect({ become: true, becomeUser: 'root' });
      expect(await output(connection, sh`echo "\${SUDO_USER-none}"`)).toBe('none');
    });

    test('is interrupted', async () => {
      const connection = await connect(become);
      const abort = new AbortController();
      const { pid, run } = await sleeper(connection, abort.signal);
      abort.abort();
      expect((await refusal(run)).kind).toBe('interrupted');
      await ends(pid);
      expect(await output(connection, sh`echo next`)).toBe('next');
    });

    test('ends its program when the connection is lost', async () => {
      const connection = await connect(become);
      const { pid, run } = await sleeper(connection, never);
      relay.cut();
      await refusal(run);
      await ends(pid);
    });
  });

  test.each([
    ['wants a password', 'sudo: a password is required', 1, 'sudo says a password is required', /NOPASSWD/],
    ['wants a terminal', 'sudo: sorry, you must have a tty to run sudo', 1, 'sudo says sorry, you must', /!requiretty/],
    ['does not know the user', 'sudo: unknown user nobody2', 1, 'sudo says unknown user nobody2', /with sudo\?$/],
    ['is not there', 'sh: 1: sudo: not found', 127, 'there is no sudo', /^install sudo$/],
  ])('that sudo %s is reported', async (_, stderr, code, message, hint) => {
    const other = await startSshd([`ForceCommand echo "${stderr}" >&2; exit ${code}`]);
    try {
      const find = connector({ home: '/nonexistent', agentSocket: undefined });
      const error = await refusal(find(other.login({ become: true, becomeUser: 'nobody' }), sh`:`, none, never));
      expect(error.kind).toBe('unreachable');
      expect(error.message).toMatch(/^\w+ cannot become nobody on 127\.0\.0\.1 port \d+: /);
      expect(error.message).toContain(message);
      expect(error.hint).toMatch(hint);
    } finally {
      other.stop();
    }
  });
});
