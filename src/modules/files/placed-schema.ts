import { absolutePath, fileMode, owner, ownerGroup } from '../definition/schemas.ts';

/** Arguments that `copy` and `template` share. */
export const placedProperties = {
  dest: {
    ...absolutePath,
    description:
      'Absolute path of the file on the host. If it is an existing directory or ends with `/`, the file is placed in it under the base name of `src`.',
  },
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
  force: {
    type: 'boolean',
    default: true,
    description: 'Replace a file that differs. If false, an existing file is kept.',
  },
  follow: {
    type: 'boolean',
    default: false,
    description: 'Write to the target of a link, instead of replacing the link.',
  },
  validate: {
    type: 'string',
    pattern: '%s',
    description:
      'Validation command, run without a shell before the new file replaces the old one; `%s` is the path of the temporary file. The task fails if it does not exit with 0.',
  },
} as const;
