import { absolutePath, backupCopy, owner, ownerGroup, validation, writtenMode } from '../definition/schemas.ts';

/** Arguments of all modules that edit a file in place. */
export const editedProperties = {
  path: { ...absolutePath, description: 'File on the host. Links are followed.' },
  create: { type: 'boolean', default: false, description: 'Create the file if it does not exist.' },
  owner,
  group: ownerGroup,
  mode: writtenMode,
  backup: backupCopy,
  validate: validation,
} as const;
