import { defineModule } from './define.ts';
import { directoryPlan, directoryReads } from './kept-directory.ts';
import { removedPlan } from './removed.ts';
import { absolutePath, fileMode, owner, ownerGroup } from './schemas.ts';

/** Keeps a directory present with a given owner and mode, or absent. */
export const directory = defineModule({
  name: 'directory',
  about: 'Keeps a directory present with a given owner and mode, or absent.',
  args: {
    properties: {
      path: absolutePath,
      state: { enum: ['present', 'absent'], default: 'present' },
      owner,
      group: ownerGroup,
      mode: { ...fileMode, description: 'Mode in octal, as a string. Default: as it is; 0755 for a new one.' },
    },
    required: ['path'],
  },
  shorthand: 'path',
  examples: [{ name: 'The release directory is there', args: { path: '/srv/app', mode: '0755' } }],
  reads: (args, look, input) => directoryReads(args, look, input),
  plan: (args, answers, input) =>
    args.state === 'absent' ? removedPlan(args.path, answers.entry, input) : directoryPlan(args, answers, input),
});
