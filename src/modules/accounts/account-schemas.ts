import type { Scope } from '../../core/scope.ts';

/** Name of an account or a group. A name with only digits would be read as a number. */
export const accountName = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]*\\$?$',
  maxLength: 32,
  description: 'Name.',
} as const;

/** The files that contain accounts and groups, with the copies that shadow-utils maintains. */
export const accountFiles: readonly Scope[] = ['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].flatMap(
  (name): Scope[] => [`path:/etc/${name}`, `path:/etc/${name}-`],
);
