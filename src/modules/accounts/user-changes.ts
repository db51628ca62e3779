import { type Change, type Prediction, predicts } from '../../core/change.ts';
import type { Input } from '../../core/module.ts';
import type { Scope } from '../../core/scope.ts';
import { Secret } from '../../core/secret.ts';
import type { Sh } from '../../core/sh.ts';
import { absent, present } from '../../core/state.ts';
import { user } from '../../probes/user.ts';
import { type UserDetails, userDetails } from '../../probes/user-details.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { accountFiles } from './account-schemas.ts';

/** The desired account of a task. */
export interface WantedUser {
  readonly name: string;
  readonly uid?: number;
  readonly group?: string | number;
  readonly groups?: readonly string[];
  readonly append: boolean;
  readonly comment?: string;
  readonly home?: string;
  readonly create_home: boolean;
  readonly move_home: boolean;
  readonly shell?: string;
  readonly system: boolean;
  readonly password?: string;
}

/** Creates an account. The host chooses its number, so nothing is predicted: later tasks that use it are unknown in a plan. */
export function creation(wanted: WantedUser, hasNamesake: boolean, input: Input): Change {
  const { name, uid, home, shell, comment, groups = [] } = wanted;
  const group = wanted.group ?? (hasNamesake ? name : undefined);
  const flag = (letter: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [letter, String(value)];
  const common = [...flag('-u', uid), ...flag('-s', shell)];
  const useradd = [
    ...(wanted.system ? ['-r'] : []),
    wanted.create_home ? '-m' : '-M',
    ...common,
    ...flag('-g', group),
    ...flag('-G', groups.length === 0 ? undefined : groups.join(',')),
    ...flag('-c', comment),
    ...flag('-d', home),
  ];
  const adduser = [
    '-D',
    ...(wanted.system ? ['-S'] : []),
    ...(wanted.create_home ? [] : ['-H']),
    ...common,
    ...flag('-G', group),
    ...flag('-g', comment),
    ...flag('-h', home),
  ];
  return {
    title: `create user ${name}${uid === undefined ? '' : ` (${uid})`}`,
    sign: '+',
    expects: [userDetails(name, undefined, input.account)],
    act: {
      kind: 'program',
      script: joinSh(
        [
          sh`
            if command -v useradd >/dev/null; then useradd ${useradd} -- ${name} || exit 1
            else
              adduser ${adduser} ${name} || exit 1
              for g in ${groups}; do addgroup ${name} "$g" || exit 1; done
            fi
          `,
          ...(wanted.password === undefined ? [] : [setPassword(name, wanted.password)]),
        ],
        '\n',
      ),
    },
    touches: [
      ...touchesOf(name),
      `group:${name}`,
      ...groups.map((one): Scope => `group:${one}`),
      ...(wanted.create_home ? [`tree:${home ?? `/home/${name}`}`] : []),
    ],
  };
}

/** The differences of an existing account. */
export function modifications(
  wanted: WantedUser,
  there: UserDetails,
  password: string | undefined,
  input: Input,
): readonly Change[] {
  const { name } = there;
  const words: string[] = [];
  const flags: string[] = [];
  const differ = (what: string, letter: string, now: string | number, next: string | number | undefined): void => {
    if (next === undefined || String(next) === String(now)) return;
    words.push(`${what} ${now === '' ? '(none)' : now} -> ${next}`);
    flags.push(letter, String(next));
  };
  differ('uid', '-u', there.uid, wanted.uid);
  const group = String(wanted.group) === String(there.gid) ? undefined : wanted.group;
  differ('group', '-g', there.group, group);
  differ('comment', '-c', there.comment, wanted.comment);
  differ('home', '-d', there.home, wanted.home);
  if (wanted.move_home && flags.includes('-d')) flags.push('-m');
  differ('shell', '-s', there.shell, wanted.shell);

  const others = (wanted.groups ?? there.groups).filter((one) => one !== (group ?? there.group));
  const joined = [...new Set(others)].filter((one) => !there.groups.includes(one));
  const left = wanted.append ? [] : there.groups.filter((one) => !others.includes(one));
  const groups = [...there.groups.filter((one) => !left.includes(one)), ...joined].toSorted();
  if (joined.length > 0) words.push(`join ${joined.join(', ')}`);
  if (left.length > 0) words.push(`leave ${left.join(', ')}`);
  const onlyJoins = flags.length === 0 && left.length === 0;
  if (joined.length > 0 || left.length > 0) flags.push('-G', groups.join(','));

  const { passwordIs, ...rest } = there;
  const resets = password !== undefined && passwordIs === false ? password : undefined;
  if (words.length === 0 && resets === undefined) return [];
  const next: UserDetails = {
    ...rest,
    ...(wanted.uid === undefined ? {} : { uid: wanted.uid }),
    ...(wanted.comment === undefined ? {} : { comment: wanted.comment }),
    ...(wanted.home === undefined ? {} : { home: wanted.home }),
    ...(wanted.shell === undefined ? {} : { shell: wanted.shell }),
    groups,
  };
  return [
    {
      title: `user ${name}: ${[...words, ...(resets === undefined ? [] : ['set the password'])].join(', ')}`,
      sign: '~',
      expects: [userDetails(name, password, input.account)],
      act: {
        kind: 'program',
        script: joinSh(
          [
            ...(words.length === 0 ? [] : [modify(name, flags, onlyJoins ? joined : undefined)]),
            ...(resets === undefined ? [] : [setPassword(name, resets)]),
          ],
          '\n',
        ),
      },
      // Of another primary group only the name or only the number is known.
      ...(group === undefined ? { predicts: predicted(next, password, input) } : {}),
      touches: [
        ...touchesOf(name),
        ...[...joined, ...left].map((one): Scope => `group:${one}`),
        ...(flags.includes('-m') ? [`tree:${there.home}`, `tree:${wanted.home}`] : []),
        // Files in the home directory get the new number.
        ...(flags.includes('-u') ? [`user:${there.uid}`, `tree:${there.home}`] : []),
      ],
    },
  ];
}

/** Removes an account. */
export function removal(
  name: string,
  home: string,
  { remove, force }: { readonly remove: boolean; readonly force: boolean },
  input: Input,
): Change {
  return {
    title: `remove user ${name}${remove ? ` and its home ${home}` : ''}`,
    sign: '-',
    act: {
      kind: 'program',
      script: sh`
        if command -v userdel >/dev/null; then userdel ${remove ? ['-r'] : []} ${force ? ['-f'] : []} -- ${name}
        else deluser ${remove ? ['--remove-home'] : []} ${name}
        fi
      `,
    },
    predicts: [
      predicts(userDetails(name, undefined, input.account), absent),
      predicts(user(name, input.account), absent),
    ],
    // The account is removed from its groups.
    touches: ['users', ...touchesOf(name), ...(remove ? [`tree:${home}`, `path:/var/mail/${name}`] : [])],
  };
}

function modify(name: string, flags: readonly string[], joined: readonly string[] | undefined): Sh {
  const other = joined === undefined ? sh`die 'this host has no usermod: install shadow'` : joining(name, joined);
  return sh`
    if command -v usermod >/dev/null; then usermod ${flags} -- ${name} || exit 1
    else
      ${other}
    fi
  `;
}

function joining(name: string, groups: readonly string[]): Sh {
  return sh`for g in ${groups}; do addgroup ${name} "$g" || exit 1; done`;
}

/** Through stdin, which no process list shows; printf is a shell builtin. */
function setPassword(name: string, hash: string): Sh {
  return sh`printf '%s:%s\n' ${name} ${new Secret(hash)} | chpasswd -e || exit 1`;
}

function predicted(next: UserDetails, password: string | undefined, input: Input): Prediction[] {
  const { name, uid, gid, home, shell } = next;
  return [
    predicts(
      userDetails(name, password, input.account),
      present({ ...next, ...(password === undefined ? {} : { passwordIs: true }) }),
    ),
    predicts(user(name, input.account), present({ name, uid, gid, home, shell })),
  ];
}

function touchesOf(name: string): Scope[] {
  return [`user:${name}`, ...accountFiles];
}
