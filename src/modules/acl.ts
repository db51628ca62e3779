import { posix } from 'node:path';
import { type Change, predicts } from '../core/change.ts';
import type { Answers, Input } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import { present } from '../core/state.ts';
import { type AclFindings, acl as ask, type DesiredAcl, wantedText } from '../probes/acl.ts';
import { aclLibrary } from '../probes/acl-judge.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, owner, ownerGroup } from './definition/schemas.ts';
import { type EntryArgs, entriesOf, rightsOf, wrongEntries } from './files/acl-entries.ts';

const rights = { type: 'string', pattern: '^[rwxX-]*$' } as const;
const plainRights = { type: 'string', pattern: '^[rwx-]*$' } as const;
const entryProperties = {
  user: { ...owner, description: 'Account of the entry, by name or uid. A uid does not need an account.' },
  group: { ...ownerGroup, description: 'Group of the entry, by name or gid.' },
  permissions: {
    ...rights,
    description: 'Permissions on files and directories. X sets x on directories and executable files only.',
  },
  files: { ...plainRights, description: 'Permissions on files, if they differ from those on directories.' },
  directories: { ...plainRights, description: 'Permissions on directories, if they differ from those on files.' },
} as const;

/** Manages POSIX ACL entries of accounts and groups, on a path or a whole directory, and as defaults for new files in it. */
export const acl = defineModule({
  name: 'acl',
  about:
    'Manages POSIX ACL entries of accounts and groups, on a path or a whole directory, and as defaults for new files in it.',
  args: {
    properties: {
      path: {
        anyOf: [absolutePath, { type: 'array', items: absolutePath, minItems: 1 }],
        description: 'Path, or a list. Must not be a symbolic link; symbolic links below it are not followed.',
      },
      ...entryProperties,
      entity: { ...owner, description: 'Account or group of the entry; used with `etype`, as in Ansible.' },
      etype: { enum: ['user', 'group'], default: 'user', description: 'Type of `entity`.' },
      entries: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', properties: entryProperties, additionalProperties: false },
        description: 'Several entries at once.',
      },
      default: {
        enum: [false, true, 'also'],
        default: false,
        description:
          '`false`: set the access ACL. `true`: set only the default ACL of directories, which new files in them inherit. `also`: set both.',
      },
      recursive: { type: 'boolean', default: false, description: 'Apply to all files and directories below.' },
      state: { enum: ['present', 'absent'], default: 'present' },
    },
    required: ['path'],
  },
  aliases: { name: 'path' },
  examples: [
    {
      name: 'The helper in its container may write here',
      args: {
        path: '/srv/app',
        user: 101000,
        files: 'rw',
        directories: 'rwx',
        recursive: true,
        default: 'also',
      },
    },
    {
      name: 'The web server may read the log',
      args: { path: '/var/log/app.log', group: 'www-data', permissions: 'r' },
    },
  ],
  misuse: (args) => wrongEntries(args, args.state === 'absent'),
  reads: (args, _look, input) => questionsOf(desiredOf(args), input),
  plan: (args, answers: Answers<{ readonly [name: `at${number}`]: Question<AclFindings> }>, input) => {
    const changes: Change[] = [];
    for (const [i, desired] of desiredOf(args).entries()) {
      const found = answers[`at${i}`];
      if (found === undefined) {
        if (desired.remove) continue;
        return { changes: [], failed: `${desired.path} is not there` };
      }
      if (found.type === 'link') {
        return { changes: [], failed: `${desired.path} is a link`, hint: 'use the path of its target' };
      }
      if (found.unknown !== undefined) {
        if (desired.remove) continue;
        return { changes: [], failed: `there is no ${found.unknown} on this host` };
      }
      if (found.type !== 'directory' && desired.sides === 'default' && !desired.remove) {
        return { changes: [], failed: `${desired.path} is a file: only directories have default entries` };
      }
      if (found.differing > 0) changes.push(mend(desired, found, input));
    }
    return { changes };
  },
});

type Given = EntryArgs & {
  readonly path: string | readonly string[];
  readonly default: boolean | 'also';
  readonly recursive: boolean;
  readonly state: 'present' | 'absent';
};

function desiredOf(args: Given): readonly DesiredAcl[] {
  const entries = entriesOf(args);
  const sides = args.default === 'also' ? 'access default' : args.default ? 'default' : 'access';
  const paths = typeof args.path === 'string' ? [args.path] : args.path;
  return paths.map((path) => ({
    path: posix.normalize(path).replace(/(.)\/+$/, '$1'),
    recursive: args.recursive,
    sides,
    remove: args.state === 'absent',
    entries,
  }));
}

function questionsOf(
  desired: readonly DesiredAcl[],
  input: Input,
): { readonly [name: `at${number}`]: Question<AclFindings> } {
  return Object.fromEntries(desired.map((one, i) => [`at${i}`, ask(one, input.account)]));
}

function mend(desired: DesiredAcl, found: AclFindings, input: Input): Change {
  const { path, recursive, sides, remove, entries } = desired;
  const some = recursive && found.type === 'directory';
  const where = some ? `${found.differing} of ${found.total} paths in ${path}` : path;
  const words = entries.map((one) => rightsOf(one, desired, found.type)).join(', ');
  const lines = (side: 'before' | 'after'): string =>
    found.shown.map((one) => `${one.path} ${one[side]}\n`).join('') +
    (found.differing > found.shown.length ? `and ${found.differing - found.shown.length} more\n` : '');
  return {
    title: `${remove ? 'take the entries of' : 'grant'} ${words} ${remove ? 'from' : 'on'} ${where}`,
    sign: remove ? '-' : '~',
    diff: { before: lines('before'), after: lines('after'), beforeName: path, afterName: path },
    act: {
      kind: 'program',
      script: joinSh(
        [
          aclLibrary,
          wantedText(entries),
          sh`
            LC_ALL=C; export LC_ALL
            [ -z "$_unknown" ] || die "there is no $_unknown on this host"
            [ ! -L ${path} ] || die ${`${path} is a link`}
            acl_enter ${path} || die ${`${path} can't be entered`}
            acl_walk ${recursive ? 1 : 0} 2>/dev/null |
              acl_judge fix ${sides} ${remove ? 1 : 0} "$_wanted" |
              acl_mend || exit 1
          `,
        ],
        '\n',
      ),
    },
    predicts: [
      predicts(ask(desired, input.account), present({ type: found.type, total: found.total, differing: 0, shown: [] })),
    ],
    touches: [recursive ? `tree:${path}` : `path:${path}`],
  };
}
