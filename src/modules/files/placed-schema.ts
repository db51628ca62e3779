import { absolutePath, backupCopy, owner, ownerGroup, validation, writtenMode } from '../definition/schemas.ts';

/** Arguments that `copy` and `template` share. */
export const placedProperties = {
  dest: {
    ...absolutePath,
    description:
      'Absolute path of the file on the host. If it is an existing directory or ends with `/`, the file is placed in it under the base name of `src`.',
  },
  owner,
  group: ownerGroup,
  mode: writtenMode,
  backup: backupCopy,
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
  validate: validation,
} as const;
