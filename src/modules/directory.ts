import { defineModule } from './definition/define.ts';
import { absolutePath, fileMode, owner, ownerGroup } from './definition/schemas.ts';
import { directoryPlan, directoryReads } from './files/directory-state.ts';
import { removedPlan } from './files/removal.ts';

/** Manages a directory with its owner and mode, or removes it. */
export const directory = defineModule({
  name: 'directory',
  about: 'Manages a directory with its owner and mode, or removes it.',
  args: {
    properties: {
      path: absolutePath,
      state: { enum: ['present', 'absent'], default: 'present' },
      owner,
      group: ownerGroup,
      mode: {
        ...fileMode,
        description: 'Octal mode as a quoted string. Default: keep the existing mode; 0755 for a new directory.',
      },
    },
    required: ['path'],
  },
  shorthand: 'path',
  examples: [{ name: 'The release directory is there', args: { path: '/srv/app', mode: '0755' } }],
  reads: (args, look, input) => directoryReads(args, look, input),
  plan: (args, answers, input) =>
    args.state === 'absent' ? removedPlan(args.path, answers.entry, input) : directoryPlan(args, answers, input),
});
