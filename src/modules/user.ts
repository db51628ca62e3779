import type { Change } from '../core/change.ts';
import type { Decision } from '../core/module.ts';
import { group as askGroup } from '../probes/user.ts';
import { userDetails } from '../probes/user-details.ts';
import { accountName } from './accounts/account-schemas.ts';
import { creation, modifications, removal } from './accounts/user-changes.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, ownerGroup } from './definition/schemas.ts';

const groupName = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$' } as const;

/** Manages an account with its groups, home, shell and password, or removes it. */
export const user = defineModule({
  name: 'user',
  about: 'Manages an account with its groups, home, shell and password, or removes it.',
  args: {
    properties: {
      name: accountName,
      uid: {
        type: 'integer',
        minimum: 0,
        description: 'Numeric ID. Default: keep the existing one; the next free one for a new account.',
      },
      group: {
        ...ownerGroup,
        description: 'Primary group. Default: keep the existing one; a group of the same name for a new account.',
      },
      groups: {
        anyOf: [
          { type: 'array', items: groupName },
          { type: 'string', pattern: '^([A-Za-z_][A-Za-z0-9_.-]*(, ?[A-Za-z_][A-Za-z0-9_.-]*)*)?$' },
        ],
        description:
          'Supplementary groups: a list, or names separated by commas. The account is removed from all other groups unless `append` is true.',
      },
      append: {
        type: 'boolean',
        default: false,
        description: 'Keep the membership in groups that `groups` does not list.',
      },
      comment: { type: 'string', pattern: '^[^:\\n]*$', description: 'Full name or purpose (GECOS).' },
      home: { ...absolutePath, pattern: '^/[^:\\n]*$', description: 'Home directory.' },
      create_home: { type: 'boolean', default: true, description: 'Create the home directory of a new account.' },
      move_home: {
        type: 'boolean',
        default: false,
        description: 'Move the content of the home directory if `home` changes.',
      },
      shell: { ...absolutePath, pattern: '^/[^:\\n]*$', description: 'Login shell.' },
      system: {
        type: 'boolean',
        default: false,
        description: 'Use a system number for a new account.',
      },
      password: {
        type: 'string',
        minLength: 1,
        description: 'Password hash as in crypt(5); "!" locks the password.',
      },
      update_password: {
        enum: ['always', 'on_create'],
        default: 'always',
        description: 'Whether to set the password of an existing account, too.',
      },
      state: { enum: ['present', 'absent'], default: 'present' },
      remove: {
        type: 'boolean',
        default: false,
        description: 'With `state: absent`: also remove the home directory and mail.',
      },
      force: {
        type: 'boolean',
        default: false,
        description: 'With `state: absent`: also remove an account that is logged in.',
      },
    },
    required: ['name'],
  },
  shorthand: 'name',
  aliases: { user: 'name', createhome: 'create_home' },
  examples: [
    {
      name: 'The app has an account',
      args: { name: 'app', system: true, home: '/srv/app', shell: '/usr/sbin/nologin' },
    },
    { name: 'Coach may use docker', args: { name: 'coach', groups: ['docker'], append: true } },
  ],
  misuse: ({ password }) =>
    password === undefined || /^(\$[0-9a-z]+\$|_|[!*])/.test(password)
      ? undefined
      : {
          argument: 'password',
          message: 'password must be a crypt(5) hash',
          hint: 'create one with: openssl passwd -6',
        },
  reads: (args, _look, input) => ({
    there: userDetails(args.name, passwordAsked(args), input.account),
    // useradd would create a group of this name, and fails if one exists.
    namesake: args.state === 'present' && args.group === undefined ? askGroup(args.name, input.account) : undefined,
  }),
  plan: (args, { there, namesake }, input): readonly Change[] | Decision => {
    const groups = typeof args.groups === 'string' ? listOf(args.groups) : args.groups;
    const { groups: _given, ...rest } = args;
    const wanted = { ...rest, ...(groups === undefined ? {} : { groups }) };
    const result = there === undefined ? {} : { uid: there.uid, gid: there.gid, home: there.home, shell: there.shell };
    if (args.state === 'absent') {
      return there === undefined ? [] : [removal(args.name, there.home, args, input)];
    }
    if (there === undefined) return [creation(wanted, namesake !== undefined, input)];
    return { changes: modifications(wanted, there, passwordAsked(args), input), result };
  },
});

function passwordAsked(args: {
  readonly password?: string;
  readonly update_password: string;
  readonly state: string;
}): string | undefined {
  return args.update_password === 'always' && args.state === 'present' ? args.password : undefined;
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
