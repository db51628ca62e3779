import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';

/** An account of the host. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** A group of the host. */
export interface UserGroup {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** An account by its name or uid, from any source of the host (getent; /etc/passwd without getent). */
export const userProbe = defineProbe<{ readonly name: string }, User>({
  name: 'user',
  about: 'An account of the host: uid, group, home and shell.',
  cost: 3,
  deadline: 20,
  key: ({ name }) => name,
  scopes: ({ name }) => ['users', `user:${name}`],
  ask: (items) =>
    askDatabase(
      'passwd',
      items.map(({ params }) => params.name),
    ),
  parse: (reply, items) =>
    readDatabase(reply.output, items, ([name = '', , uid, gid, , home = '', shell = '']) => ({
      name,
      uid: Number(uid),
      gid: Number(gid),
      home,
      shell,
    })),
});

/** A group by its name or gid. */
export const groupProbe = defineProbe<{ readonly name: string }, UserGroup>({
  name: 'group',
  about: 'A group of the host: gid and members.',
  cost: 3,
  deadline: 20,
  key: ({ name }) => name,
  scopes: ({ name }) => ['users', `group:${name}`],
  ask: (items) =>
    askDatabase(
      'group',
      items.map(({ params }) => params.name),
    ),
  parse: (reply, items) =>
    readDatabase(reply.output, items, ([name = '', , gid, members = '']) => ({
      name,
      gid: Number(gid),
      members: members === '' ? [] : members.split(','),
    })),
});

/** Asks for an account by name or uid. */
export function user(name: string | number, account: Account = {}): Question<User> {
  return question(userProbe, { name: String(name) }, account);
}

/** Asks for a group by name or gid. */
export function group(name: string | number, account: Account = {}): Question<UserGroup> {
  return question(groupProbe, { name: String(name) }, account);
}

function askDatabase(database: 'passwd' | 'group', names: readonly string[]): ReturnType<typeof sh> {
  const file = `/etc/${database}`;
  return sh`
    if command -v getent >/dev/null; then getent ${database} ${names}; else cat ${file}; fi
    printf '\n%s\n' "$N"
  `;
}

function readDatabase<V>(
  output: Buffer,
  items: readonly { readonly id: string; readonly params: { readonly name: string } }[],
  read: (fields: readonly string[]) => V,
): ReadonlyMap<string, State<V>> {
  const entries = output
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4);
  return new Map(
    items.map(({ id, params }): [string, State<V>] => {
      const named = entries.find((fields) => fields[0] === params.name);
      const found =
        named ?? (/^\d+$/.test(params.name) ? entries.find((fields) => fields[2] === params.name) : undefined);
      return [id, found === undefined ? absent : present(read(found))];
    }),
  );
}
