import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Files whose shell text changes owners, modes or names by itself, with the reason. */
const allowed: readonly string[] = [
  'acl.ts', // the ACL's own library enters each directory
  'archives/backup-script.ts', // in the private directory of its program
  'archives/restore-script.ts', // below directories that no other account can write
  'authorized-key.ts', // as the account that owns the directory
  'archives/unpack-text.ts', // in the private directory
  'files/link-state.ts', // in the entered directory; never follows
  'files/sync-text.ts', // in the private directory, and in entered ones
  'files/private-directory.ts',
  'shell.ts', // an example
];

test('modules change owners, modes and names with the functions of src/shell/library.ts', () => {
  const root = join(import.meta.dirname, '../../src/modules');
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => !allowed.includes(name))
    .flatMap((name) =>
      readFileSync(join(root, name), 'utf8')
        .split('\n')
        .filter(
          (line) =>
            /(^|[`;&|({ ])(chown|chmod|mv|cp|ln) -?[-\w$"'{0]/.test(line) && !/^\s*(\*|\/\/|\/\*\*|#)/.test(line),
        )
        .map((line) => `${name}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
