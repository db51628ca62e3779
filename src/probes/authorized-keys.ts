import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Scope } from '../core/scope.ts';
import type { Sh } from '../core/sh.ts';
import { absent, present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { type EntryType, entryType } from './entry-stat.ts';
import { parts } from './trouble.ts';

/** Attributes of one of the two paths that sshd checks strictly. */
export interface KeyPath {
  readonly type: EntryType;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
}

/** The keys that allow login to an account. */
export interface AuthorizedKeys {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** ~/.ssh */
  readonly directory?: KeyPath;
  /** ~/.ssh/authorized_keys */
  readonly file?: KeyPath;
  /** Empty if the file does not exist. */
  readonly text: string;
}

interface Params {
  readonly user: string;
}

/** Largest file that is read, in bytes. */
const limit = 1024 * 1024;

/** The account's authorized_keys, wherever its home is. Absent if the account does not exist. */
export const authorizedKeysProbe = defineProbe<Params, AuthorizedKeys>({
  name: 'authorized-keys',
  about: 'The authorized keys of an account, and which users can write the file.',
  cost: 6,
  deadline: 30,
  key: ({ user }) => user,
  // Its home is known only after the question.
  scopes: ({ user }) => ['users', `user:${user}`, 'authorized-keys', ...homesOf(user)],
  ask: (items) => joinSh(items.map(askOne), '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id, params }): [string, State<AuthorizedKeys>][] => {
        const text = (name: string): string => said.get(`${name}-${id}`)?.toString('utf8').trim() ?? '';
        if (!said.has(`end-${id}`)) return [];
        const [name, , uid, gid, , home = ''] = text('passwd').split(':');
        if (name !== params.user) return [[id, absent]];
        if (text('text') === 'denied') return [[id, { kind: 'denied', why: `${home}/.ssh/authorized_keys` }]];
        const bytes = Buffer.from(text('text'), 'base64');
        if (bytes.length >= limit) {
          return [[id, { kind: 'unavailable', why: `${home}/.ssh/authorized_keys has more than ${limit} bytes` }]];
        }
        const [directory, file] = ['directory', 'file'].map((one) => pathOf(text(one)));
        return [
          [
            id,
            present({
              uid: Number(uid),
              gid: Number(gid),
              home,
              ...(directory === undefined ? {} : { directory }),
              ...(file === undefined ? {} : { file }),
              text: bytes.toString('utf8'),
            }),
          ],
        ];
      }),
    );
  },
  guard: (_params, state) => {
    if (state.kind !== 'present') return sh`:`;
    const path = posix.join(state.value.home, '.ssh/authorized_keys');
    if (state.value.file === undefined) return sh`gone ${path}`;
    return sh`hashed ${path} ${createHash('sha256').update(state.value.text).digest('hex')}`;
  },
});

/** Asks for the keys that allow login to an account. */
export function authorizedKeys(user: string, account: Account = {}): Question<AuthorizedKeys> {
  return question(authorizedKeysProbe, { user }, account);
}

function askOne({ id, params: { user } }: Item<Params>): Sh {
  return sh`
    printf '\n%s passwd-%s\n' "$N" ${id}
    if command -v getent >/dev/null; then line=$(getent passwd ${user})
    else line=$(grep ${`^${user.replaceAll('.', '[.]')}:`} /etc/passwd)
    fi
    printf '%s\n' "$line"
    home=$(printf '%s\n' "$line" | cut -d : -f 6)
    f=$home/.ssh/authorized_keys
    printf '\n%s directory-%s\n' "$N" ${id}
    stat -c '%f %u' -- "$home/.ssh" 2>/dev/null
    printf '\n%s file-%s\n' "$N" ${id}
    stat -c '%f %u' -- "$f" 2>/dev/null
    printf '\n%s text-%s\n' "$N" ${id}
    if [ -f "$f" ] && [ ! -L "$f" ] && [ ! -L "$home/.ssh" ]; then
      if [ -r "$f" ]; then head -c ${limit} "$f" | base64; else echo denied; fi
    elif [ -d "$home/.ssh" ] && [ ! -x "$home/.ssh" ]; then echo denied
    fi
    printf '\n%s end-%s\n' "$N" ${id}
  `;
}

function pathOf(text: string): KeyPath | undefined {
  const [raw, uid] = text.split(' ');
  const bits = Number.parseInt(raw ?? '', 16);
  if (Number.isNaN(bits) || uid === undefined) return undefined;
  return { type: entryType(bits), mode: (bits & 0o7777).toString(8).padStart(4, '0'), uid: Number(uid) };
}

function homesOf(user: string): Scope[] {
  return user === 'root' ? ['tree:/root/.ssh'] : [`tree:/home/${user}/.ssh`];
}
