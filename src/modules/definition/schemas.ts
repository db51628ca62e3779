/** Parts of schemas that several modules share, so that the arguments have the same meaning everywhere. */

/** A path on the host. */
export const absolutePath = {
  type: 'string',
  pattern: '^/[^\\u0000]*$',
  description: 'Absolute path on the host.',
} as const;

/** YAML reads a bare 0644 as a number, which is a different mode: so the argument is a string. */
export const fileMode = {
  type: 'string',
  pattern: '^0?[0-7]{3,4}$',
  description: 'Octal mode as a quoted string: "0644".',
} as const;

/** The mode of a file that a task writes. */
export const writtenMode = {
  ...fileMode,
  description: 'Octal mode as a quoted string. Default: keep the existing mode; 0644 for a new file.',
} as const;

/** Whether the old content of a file is kept. */
export const backupCopy = {
  type: 'boolean',
  default: false,
  description: 'Save a backup of the old file in the same directory, with a timestamp in its name.',
} as const;

/** A command that accepts or refuses the new content of a file. */
export const validation = {
  type: 'string',
  pattern: '%s',
  description:
    'Validation command, run without a shell before the new file replaces the old one; `%s` is the path of the temporary file. The task fails if it does not exit with 0.',
} as const;

/** An account, as name or number. */
export const owner = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'integer', minimum: 0 },
  ],
  description: 'Owner, by name or uid.',
} as const;

/** A group, as name or number. */
export const ownerGroup = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'integer', minimum: 0 },
  ],
  description: 'Group, by name or gid.',
} as const;

/** A systemd unit. systemctl reads *, ? and [ as a pattern. */
export const unitName = {
  type: 'string',
  pattern: '^[A-Za-z0-9:_.@\\\\-]+$',
  description: 'Name of a systemd unit; `.service` can be omitted.',
} as const;

/** The manager of a unit. */
export const unitScope = {
  enum: ['system', 'user'],
  default: 'system',
  description: 'Manager of the unit: `system`, or `user` for the manager of the account.',
} as const;

/** A TCP port. */
export const port = { type: 'integer', minimum: 1, maximum: 65535, description: 'TCP port.' } as const;
