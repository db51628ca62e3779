import { absolutePath, fileMode, owner, ownerGroup } from '../definition/schemas.ts';

/** Arguments of all modules that edit a file in place. */
export const editedProperties = {
  path: { ...absolutePath, description: 'File on the host. Links are followed.' },
  create: { type: 'boolean', default: false, description: 'Create the file if it does not exist.' },
  owner,
  group: ownerGroup,
  mode: {
    ...fileMode,
    description: 'Octal mode as a quoted string. Default: keep the existing mode; 0644 for a new file.',
  },
  backup: {
    type: 'boolean',
    default: false,
    description: 'Save a backup of the old file in the same directory, with a timestamp in its name.',
  },
  validate: {
    type: 'string',
    pattern: '%s',
    description:
      'Validation command, run without a shell before the new file replaces the old one; `%s` is the path of the temporary file. The task fails if it does not exit with 0.',
  },
} as const;
