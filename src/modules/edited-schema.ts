import { absolutePath, fileMode, owner, ownerGroup } from './schemas.ts';

/** Arguments that all modules share which edit a file in place. */
export const editedProperties = {
  path: { ...absolutePath, description: 'File on the host. A link is followed.' },
  create: { type: 'boolean', default: false, description: 'Make the file where it is not there.' },
  owner,
  group: ownerGroup,
  mode: { ...fileMode, description: 'Mode in octal, as a string. Default: as it is; 0644 for a new file.' },
  backup: {
    type: 'boolean',
    default: false,
    description: 'Keep the old file beside it, under a name that bears the time.',
  },
  validate: {
    type: 'string',
    pattern: '%s',
    description: 'Command that must accept the new file before it is put in place; %s is its path. No shell.',
  },
} as const;
