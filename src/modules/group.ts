import { type Change, predicts } from '../core/change.ts';
import type { Input } from '../core/module.ts';
import type { Scope } from '../core/scope.ts';
import { absent, present } from '../core/state.ts';
import { group as ask, type UserGroup } from '../probes/user.ts';
import { sh } from '../shell/sh.ts';
import { accountFiles, accountName } from './accounts/account-schemas.ts';
import { defineModule } from './definition/define.ts';

/** Manages a group with its number, or removes it. */
export const group = defineModule({
  name: 'group',
  about: 'Manages a group with its number, or removes it.',
  args: {
    properties: {
      name: accountName,
      gid: {
        type: 'integer',
        minimum: 0,
        description: 'Numeric ID. Default: keep the existing one; the next free one for a new group.',
      },
      system: {
        type: 'boolean',
        default: false,
        description: 'Use a system number for a new group.',
      },
      state: { enum: ['present', 'absent'], default: 'present' },
    },
    required: ['name'],
  },
  shorthand: 'name',
  examples: [
    { name: 'The group of the app is there', args: { name: 'app', system: true } },
    { name: 'The old group is gone', args: { name: 'legacy', state: 'absent' } },
  ],
  reads: (args, _look, input) => ({
    group: ask(args.name, input.account),
    taken: args.gid === undefined || args.state === 'absent' ? undefined : ask(args.gid, input.account),
  }),
  plan: (args, answers, input) => {
    const { name, gid } = args;
    const there = answers.group?.name === name ? answers.group : undefined;
    if (args.state === 'absent') return there === undefined ? [] : [removal(there, input)];
    if (there !== undefined && (gid === undefined || there.gid === gid)) return [];
    if (answers.taken !== undefined && answers.taken.name !== name) {
      return { changes: [], failed: `gid ${gid} is that of group ${answers.taken.name}` };
    }
    return [
      there === undefined ? creation(name, gid, args.system, input) : renumbering(there, gid ?? there.gid, input),
    ];
  },
});

function creation(name: string, gid: number | undefined, system: boolean, input: Input): Change {
  const number = gid === undefined ? [] : ['-g', String(gid)];
  return {
    title: `create group ${name}${gid === undefined ? '' : ` (${gid})`}`,
    sign: '+',
    expects: [ask(name, input.account)],
    act: {
      kind: 'program',
      script: sh`
        if command -v groupadd >/dev/null; then groupadd ${system ? ['-r'] : []} ${number} -- ${name}
        else addgroup ${system ? ['-S'] : []} ${number} ${name}
        fi
      `,
    },
    // A number that the host chooses is not known in advance.
    ...(gid === undefined ? {} : { predicts: predicted({ name, gid, members: [] }, input) }),
    touches: touchesOf(name, gid),
  };
}

function renumbering(there: UserGroup, gid: number, input: Input): Change {
  return {
    title: `gid of ${there.name} ${there.gid} -> ${gid}`,
    sign: '~',
    expects: [ask(there.name, input.account)],
    act: {
      kind: 'program',
      script: sh`
        command -v groupmod >/dev/null || die 'this host has no groupmod: install shadow'
        groupmod -g ${gid} -- ${there.name}
      `,
    },
    predicts: [...predicted({ ...there, gid }, input), predicts(ask(there.gid, input.account), absent)],
    // Files keep the number; accounts whose primary group it is are changed with it.
    touches: ['users', ...touchesOf(there.name, gid)],
  };
}

function removal(there: UserGroup, input: Input): Change {
  return {
    title: `remove group ${there.name}`,
    sign: '-',
    act: {
      kind: 'program',
      script: sh`if command -v groupdel >/dev/null; then groupdel -- ${there.name}; else delgroup ${there.name}; fi`,
    },
    predicts: [predicts(ask(there.name, input.account), absent), predicts(ask(there.gid, input.account), absent)],
    touches: touchesOf(there.name, there.gid),
  };
}

function predicted(next: UserGroup, input: Input) {
  return [
    predicts(ask(next.name, input.account), present(next)),
    predicts(ask(next.gid, input.account), present(next)),
  ];
}

function touchesOf(name: string, gid: number | undefined): Scope[] {
  return [`group:${name}`, ...(gid === undefined ? [] : [`group:${gid}`]), ...accountFiles];
}
