import { createHash } from 'node:crypto';
import { type Account, type Item, type Question, question } from '../core/probe.ts';
import { Secret } from '../core/secret.ts';
import type { Sh } from '../core/sh.ts';
import { absent, present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';

/** The properties of an account that the `user` module manages. */
export interface UserDetails {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Name of the primary group, or its number if it has no name. */
  readonly group: string;
  /** Names of the other groups, sorted. */
  readonly groups: readonly string[];
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** Whether the hash of its password equals the given one. */
  readonly passwordIs?: boolean;
}

interface Params {
  readonly name: string;
  /** A hash to compare with; the comparison runs on the host, where the account's hash stays. */
  readonly password: Secret | undefined;
}

/** An account with its groups, and whether it has a given password. */
export const userDetailsProbe = defineProbe<Params, UserDetails>({
  name: 'user-details',
  about: 'An account with its groups, comment, home and shell, and whether its password is a given one.',
  cost: 6,
  deadline: 20,
  key: ({ name, password }) =>
    password === undefined ? name : `${name} ${createHash('sha256').update(password.reveal()).digest('hex')}`,
  scopes: ({ name }) => ['users', `user:${name}`],
  ask: (items) => joinSh(items.map(askOne), '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id, params }): [string, State<UserDetails>][] => {
        const text = (name: string): string => said.get(`${name}-${id}`)?.toString('utf8').trim() ?? '';
        if (!said.has(`end-${id}`)) return [];
        const fields = text('passwd').split(':');
        if (fields[0] !== params.name) return [[id, absent]];
        const shadow = text('shadow');
        if (params.password !== undefined && shadow === '') {
          return [[id, { kind: 'denied', why: 'the password of an account is for root to see' }]];
        }
        return [[id, present({ ...detailsOf(fields, text('group'), text('groups')), ...passwordOf(params, shadow) })]];
      }),
    );
  },
});

/** Asks for an account by its name; with a `password` hash, also whether it is that account's. */
export function userDetails(name: string, password: string | undefined, account: Account = {}): Question<UserDetails> {
  const params = { name, password: password === undefined ? undefined : new Secret(password) };
  return question(userDetailsProbe, params, account);
}

function askOne({ id, params: { name, password } }: Item<Params>): Sh {
  const line = (database: string): Sh => sh`
    if command -v getent >/dev/null; then getent ${database} ${name}; else grep ${`^${name.replaceAll('.', '[.]')}:`} ${`/etc/${database}`}; fi
  `;
  return sh`
    printf '\n%s passwd-%s\n' "$N" ${id}
    ${line('passwd')}
    printf '\n%s group-%s\n' "$N" ${id}
    id -gn ${name} 2>/dev/null
    printf '\n%s groups-%s\n' "$N" ${id}
    id -Gn ${name} 2>/dev/null
    printf '\n%s shadow-%s\n' "$N" ${id}
    ${password === undefined ? sh`:` : comparison(line('shadow'), password)}
    printf '\n%s end-%s\n' "$N" ${id}
  `;
}

function comparison(line: Sh, password: Secret): Sh {
  return sh`
    s=$(
    ${line}
    ) 2>/dev/null
    s=\${s#*:}
    case $s in
      '') ;;
      *) if [ "\${s%%:*}" = ${password} ]; then echo same; else echo other; fi ;;
    esac
  `;
}

function detailsOf(fields: readonly string[], group: string, groups: string): UserDetails {
  const [name = '', , uid, gid, comment = '', home = '', shell = ''] = fields;
  const all = groups.split(' ').filter((one) => one !== '');
  return {
    name,
    uid: Number(uid),
    gid: Number(gid),
    group: group === '' ? String(gid) : group,
    groups: all.filter((one) => one !== group).toSorted(),
    comment,
    home,
    shell,
  };
}

function passwordOf({ password }: Params, shadow: string): { readonly passwordIs?: boolean } {
  return password === undefined ? {} : { passwordIs: shadow === 'same' };
}
