import { posix } from 'node:path';
import { type Change, predicts } from '../core/change.ts';
import type { Input } from '../core/module.ts';
import type { Sh } from '../core/sh.ts';
import { present } from '../core/state.ts';
import { type AuthorizedKeys, authorizedKeys } from '../probes/authorized-keys.ts';
import { lines } from '../probes/command.ts';
import { heredoc } from '../shell/heredoc.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { accountName } from './accounts/account-schemas.ts';
import { type KeyChange, type KeyLine, readKey, withKeys } from './accounts/authorized-key-text.ts';
import { defineModule } from './definition/define.ts';

/** Manages the SSH keys in the authorized_keys file of an account. */
export const authorizedKey = defineModule({
  name: 'authorized_key',
  about: 'Manages the SSH keys in the authorized_keys file of an account.',
  args: {
    properties: {
      user: { ...accountName, description: 'Account whose keys are managed.' },
      key: {
        type: 'string',
        minLength: 1,
        description: 'Public key as ssh-keygen writes it; several keys, one per line.',
      },
      key_options: {
        type: 'string',
        pattern: '^[^\\n]*$',
        description:
          'Options of the keys, e.g. `from="192.0.2.1",no-pty`. Default: the options written before the key in `key`; if there are none, the options already in the file are kept.',
      },
      exclusive: { type: 'boolean', default: false, description: 'Remove all other keys.' },
      state: { enum: ['present', 'absent'], default: 'present' },
    },
    required: ['user', 'key'],
  },
  examples: [
    {
      name: 'Coach logs in by his key',
      args: {
        user: 'coach',
        key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl coach@laptop',
      },
    },
    {
      name: 'The old key opens nothing',
      args: {
        user: 'coach',
        key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBase64OfTheOldKey0000000000000000000000000000 coach@old',
        state: 'absent',
      },
    },
  ],
  misuse: ({ key, exclusive, state }) => {
    const wrong = keyTexts(key).find((line) => readKey(line) === undefined);
    if (wrong !== undefined) {
      return {
        argument: 'key',
        message: `this is not a public key: ${wrong.slice(0, 60)}`,
        hint: 'give the line of a .pub file',
      };
    }
    if (keyTexts(key).length === 0) return { argument: 'key', message: 'there is no key in key' };
    if (exclusive && state === 'absent') {
      return { argument: 'exclusive', message: 'exclusive takes other keys away, so state can only be present' };
    }
    return undefined;
  },
  reads: ({ user }, _look, input) => ({ there: authorizedKeys(user, input.account) }),
  plan: (args, { there }, input) => {
    const { user } = args;
    if (there === undefined) {
      if (args.state === 'absent') return [];
      return { changes: [], failed: `there is no user ${user} on this host`, hint: 'create it with a user task' };
    }
    const directory = posix.join(there.home, '.ssh');
    const file = posix.join(directory, 'authorized_keys');
    for (const [path, one, type] of [
      [directory, there.directory, 'directory'],
      [file, there.file, 'file'],
    ] as const) {
      if (one !== undefined && one.type !== type) return { changes: [], failed: `${path} is a ${one.type}` };
    }
    const next = withKeys(there.text, {
      keys: keysOf(args.key),
      present: args.state === 'present',
      exclusive: args.exclusive,
      options: args.key_options,
    });
    const words = next.changes.map(changeWords);
    if (args.state === 'present' || next.changes.length > 0) words.push(...untidy(directory, file, there));
    if (words.length === 0) return [];
    const self = input.account.user ?? input.facts.user;
    if (self !== user && self !== 'root') {
      return { changes: [], failed: `${self} may not change the keys of ${user}`, hint: 'become root' };
    }
    return [change(user, there, next.text, words, self, input)];
  },
});

function change(
  user: string,
  there: AuthorizedKeys,
  text: string,
  words: readonly string[],
  self: string,
  input: Input,
): Change {
  const { uid, gid, home } = there;
  const directory = posix.join(home, '.ssh');
  const file = posix.join(directory, 'authorized_keys');
  const write = writing(home, text);
  // In a directory that belongs to the account, root would be exposed to concurrent changes by the account: so the account
  // writes.
  const script =
    self === user
      ? write
      : joinSh(
          [
            sh`[ ! -d ${directory} ] || [ "$(stat -c %u -- ${directory})" = ${uid} ] || chown -h ${`${uid}:${gid}`} ${directory} || exit 1`,
            heredoc(sh`su -s /bin/sh ${user} -c 'exec sh -s'`, write),
          ],
          '\n',
        );
  return {
    title: `keys of ${user}: ${words.join(', ')}`,
    sign: '~',
    diff: { before: there.text, after: text, beforeName: file, afterName: file },
    expects: [authorizedKeys(user, input.account)],
    act: { kind: 'program', script },
    predicts: [
      predicts(
        authorizedKeys(user, input.account),
        present({
          ...there,
          directory: { type: 'directory', mode: '0700', uid },
          file: { type: 'file', mode: '0600', uid },
          text,
        }),
      ),
    ],
    touches: ['authorized-keys', `tree:${directory}`],
  };
}

function writing(home: string, text: string): Sh {
  return joinSh(
    [
      sh`
        {
        umask 077
        cd -- ${home} || exit 1
        [ -d .ssh ] || mkdir .ssh || exit 1
        [ ! -L .ssh ] || { echo '.ssh is a link' >&2; exit 1; }
        chmod 0700 .ssh && cd .ssh || exit 1
        new=$(mktemp .heal-XXXXXXXX) || exit 1
        trap 'rm -f -- "$new"' EXIT
      `,
      heredoc(sh`base64 -d >"$new"`, lines(Buffer.from(text, 'utf8').toString('base64'))),
      sh`
        [ "$?" = 0 ] && mv -f -- "$new" authorized_keys || exit 1
        exit 0
        }
      `,
    ],
    '\n',
  );
}

/** sshd ignores keys that others could write (StrictModes). */
function untidy(directory: string, file: string, there: AuthorizedKeys): string[] {
  return (
    [
      [directory, there.directory, '0700'],
      [file, there.file, '0600'],
    ] as const
  ).flatMap(([path, one, mode]) =>
    one === undefined
      ? []
      : [
          ...(one.mode === mode ? [] : [`mode of ${path} ${one.mode} -> ${mode}`]),
          ...(one.uid === there.uid ? [] : [`owner of ${path} ${one.uid} -> ${there.uid}`]),
        ],
  );
}

function keyTexts(text: string): string[] {
  return text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
}

function keysOf(text: string): KeyLine[] {
  return keyTexts(text).flatMap((line) => readKey(line) ?? []);
}

function changeWords({ sign, key }: KeyChange): string {
  const name = key.comment === '' ? `${key.type} …${key.blob.slice(-8)}` : key.comment;
  return sign === '+' ? `add ${name}` : sign === '-' ? `remove ${name}` : `options of ${name}`;
}
