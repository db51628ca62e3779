import { absolutePath, fileMode, owner, ownerGroup } from './schemas.ts';

/** Arguments that `copy` and `template` share. */
export const placedProperties = {
  dest: {
    ...absolutePath,
    description: 'Absolute path of the file on the host; a folder takes it under the name of src.',
  },
  owner,
  group: ownerGroup,
  mode: { ...fileMode, description: 'Mode in octal, as a string. Default: as it is; 0644 for a new file.' },
  backup: {
    type: 'boolean',
    default: false,
    description: 'Keep the old file beside it, under a name that bears the time.',
  },
  force: {
    type: 'boolean',
    default: true,
    description: 'Replace a file that differs. False leaves any file that is there.',
  },
  follow: {
    type: 'boolean',
    default: false,
    description: 'Write to what a link leads to, rather than replace the link.',
  },
  validate: {
    type: 'string',
    pattern: '%s',
    description: 'Command that must accept the new file before it is put in place; %s is its path. No shell.',
  },
} as const;
