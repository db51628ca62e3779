import { posix } from 'node:path';
import { entry } from '../probes/entry.ts';
import { user } from '../probes/user.ts';
import { defineModule } from './definition/define.ts';
import { absolutePath, owner, ownerGroup } from './definition/schemas.ts';
import { attributeReads, wantedAttributes } from './files/attributes.ts';
import { cleanPath } from './files/clean-path.ts';
import { linkPlan } from './files/link-state.ts';
import { removedPlan } from './files/removal.ts';

/** Manages a link to another path, or removes it. */
export const link = defineModule({
  name: 'link',
  about: 'Manages a link to another path, or removes it.',
  args: {
    properties: {
      path: { ...absolutePath, description: 'Path of the link.' },
      src: {
        type: 'string',
        minLength: 1,
        description:
          'Target of the link, written unchanged. The target of a symbolic link need not exist. A hard link needs an absolute path of an existing file.',
      },
      state: { enum: ['present', 'absent'], default: 'present', description: '`absent` removes links only.' },
      hard: {
        type: 'boolean',
        default: false,
        description: 'Create a hard link instead of a symbolic link.',
      },
      force: {
        type: 'boolean',
        default: false,
        description: 'Replace an existing file with the link. A directory is never replaced.',
      },
      owner: { ...owner, description: 'Owner of the link itself, by name or uid.' },
      group: { ...ownerGroup, description: 'Group of the link itself, by name or gid.' },
    },
    required: ['path'],
  },
  examples: [
    { name: 'The current release is the new one', args: { path: '/srv/app/current', src: 'r7' } },
    { name: 'The default site is off', args: { path: '/etc/nginx/sites-enabled/default', state: 'absent' } },
  ],
  misuse: ({ state, src, hard }) => {
    if (state === 'present' && src === undefined) return { message: 'state present needs src' };
    if (hard && src !== undefined && !src.startsWith('/'))
      return { argument: 'src', message: 'a hard link needs an absolute src' };
    return undefined;
  },
  reads: (args, _look, input) => ({
    entry: entry(cleanPath(args.path), {}, input.account),
    source: args.hard && args.src !== undefined ? entry(args.src, {}, input.account) : undefined,
    up0: entry(posix.dirname(cleanPath(args.path)), {}, input.account),
    self: user(input.account.user ?? input.facts.user, input.account),
    ...attributeReads(args, input.account),
  }),
  plan: ({ src, state, hard, force, ...args }, answers, input) => {
    const path = cleanPath(args.path);
    const there = answers.entry;
    if (state === 'absent') {
      const removable = there === undefined || there.type === 'link' || (hard && there.type === 'file');
      return removable
        ? removedPlan(path, there, input)
        : { changes: [], failed: `${path} is a ${there.type}, not a link`, hint: 'file with state: absent removes it' };
    }
    if (src === undefined) return { changes: [], failed: 'state present needs src' };
    if (answers.up0 === undefined) {
      return {
        changes: [],
        failed: `there is no directory ${posix.dirname(path)}`,
        hint: 'create it with a directory task before this one',
      };
    }
    const attributes = wantedAttributes(args, answers);
    if ('failed' in attributes) return { changes: [], failed: attributes.failed };
    return linkPlan({ path, src, hard, force }, answers, attributes, input);
  },
});
