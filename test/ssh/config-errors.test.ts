import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Login } from '../../src/core/connection.ts';
import { HealError } from '../../src/core/errors.ts';
import { loginOfHome, madeHomes } from './config-home.ts';

const homeWith = madeHomes();
const completed = (home: string, changes: Partial<Login> = {}): Promise<Login> => loginOfHome(home, 'jack4', changes);

describe('a config that cannot be used is an error with its line', () => {
  const errors: readonly [config: string, at: string, message: string, hint: string][] = [
    ['Host jack4\n  Port x', '2:8', 'Port must be a number from 1 to 65535 (got "x")', 'see Port in ssh_config(5)'],
    ['Port 0', '1:6', 'Port must be a number from 1 to 65535 (got "0")', 'see Port in ssh_config(5)'],
    ['User "me', '1:1', 'a quote or an escape is not closed', 'close it, or put # before the line'],
    ["User 'me", '1:1', 'a quote or an escape is not closed', 'close it, or put # before the line'],
    ['User', '1:1', 'User has no value', 'see User in ssh_config(5)'],
    ['User =', '1:1', 'User has no value', 'see User in ssh_config(5)'],
    ['User ""', '1:6', 'User has an empty value', 'see User in ssh_config(5)'],
    ['\n\tUser a b', '2:7', 'User expects one value', 'put quotes around a value with spaces'],
    ['Host', '1:1', 'Host names no pattern', 'write Host * for all hosts'],
    ['Match', '1:1', 'Match has no criterion', 'see Match in ssh_config(5)'],
    ['Match host', '1:7', 'Match host has no argument', 'see Match in ssh_config(5)'],
    ['Match hots a', '1:7', 'Match has no criterion hots', 'see Match in ssh_config(5)'],
    ['Match host a all', '1:7', 'Match all must be the only criterion', 'see Match in ssh_config(5)'],
    ['HostName %x', '1:10', 'the token %x is not supported here', 'supported are %% and %h'],
    [
      'IdentityFile ~bob/key',
      '1:14',
      'the home directory in ~bob/key is not supported',
      'write an absolute path, or ~/ for yours',
    ],
    [`IdentityFile $\{NONE}`, '1:14', 'the environment variable NONE is not set', 'set NONE'],
    [
      'StrictHostKeyChecking maybe',
      '1:23',
      'StrictHostKeyChecking must be yes, ask, accept-new, no or off (got "maybe")',
      'see StrictHostKeyChecking in ssh_config(5)',
    ],
    [
      'IdentitiesOnly maybe',
      '1:16',
      'IdentitiesOnly must be yes or no (got "maybe")',
      'see IdentitiesOnly in ssh_config(5)',
    ],
    [
      'ConnectTimeout soon',
      '1:16',
      'ConnectTimeout must be a time such as 30 or 5m (got "soon")',
      'see ConnectTimeout in ssh_config(5)',
    ],
    ['ProxyCommand nc %h %d', '1:14', 'the token %d is not supported here', 'supported are %% and %h, %n, %p, %r'],
    [
      'HostName $(id)\nProxyCommand nc %h %p',
      '2:14',
      '%h cannot be "$(id)"',
      'it has characters that a shell interprets',
    ],
    ['ProxyJump one', '1:11', 'ProxyJump leads back to one', 'give that host ProxyJump none'],
    ['ProxyJump a@', '1:11', 'ProxyJump cannot be "a@"', 'write [user@]host[:port], several with commas'],
    ['ProxyJump a,:9', '1:11', 'ProxyJump cannot be ":9"', 'write [user@]host[:port], several with commas'],
    ['ProxyJump a:65536', '1:11', 'ProxyJump cannot be "a:65536"', 'write [user@]host[:port], several with commas'],
    [
      'ProxyCommand x\nProxyUseFdpass yes',
      '2:16',
      'ProxyUseFdpass of "jack4" is not supported',
      'use a ProxyCommand that relays',
    ],
    ['CanonicalizeHostname yes', '1:22', 'CanonicalizeHostname of "jack4" is not supported', 'use HostName'],
    ['Include config', '1:9', 'Include leads back to HOME/.ssh/config', 'remove one of the Include lines'],
    ['Include ~bob/x', '1:9', 'the home directory in ~bob/x is not supported', 'write an absolute path'],
    [
      'Include HOME/.ssh',
      '1:9',
      'cannot read the ssh config HOME/.ssh',
      'check that it is a regular file and that you have read permission',
    ],
    [
      'Match exec "touch HOME/ran"\n  Port 1',
      '1:7',
      'Match exec is not supported, and Port of "jack4" depends on it',
      'set it in the inventory, or in a Host block above this one',
    ],
    [
      'Match host jack4 !exec "touch HOME/ran" \n  Include b',
      '1:7',
      'Match exec is not supported, and User of "jack4" depends on it',
      'set it in the inventory, or in a Host block above this one',
    ],
  ];
  test.each(errors)('%j: %s', async (config, at, message, hint) => {
    const home = homeWith({ '.ssh/config': config, '.ssh/b': 'Host jack4\nUser b' });
    const error = await completed(home).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof HealError)) throw error ?? new Error('it was not refused');
    expect(error.kind).toBe('usage');
    expect(error.message).toBe(message.replaceAll('HOME', home));
    expect(error.hint).toBe(hint);
    expect(error.at?.file).toBe(join(home, '.ssh/config'));
    expect(`${error.at?.line}:${error.at?.column}`).toBe(at);
    expect(error.at?.text).toBe(config.replaceAll('HOME', home).split('\n')[(error.at?.line ?? 0) - 1]);
  });

  test.skipIf(process.platform === 'win32')('a config that other users can write is refused', async () => {
    const home = homeWith({ '.ssh/config': 'Port 1' });
    const file = join(home, '.ssh/config');
    chmodSync(file, 0o664);
    await expect(completed(home)).rejects.toMatchObject({
      message: `others may write ${file}, so it is not read`,
      hint: `run: chmod go-w ${file} (its owner must be you or root)`,
    });
  });
});
