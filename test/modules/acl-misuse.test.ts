import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { acl } from '../../src/modules/acl.ts';

test.each<[JsonObject, string | undefined]>([
  [{ user: 1 }, 'acl needs permissions for user 1'],
  [{ permissions: 'r' }, 'acl needs a user, a group, or entries'],
  [{ user: 1, group: 2, permissions: 'r' }, 'an entry of an ACL is for one user or one group'],
  [{ entries: [{ permissions: 'r' }] }, 'an entry of an ACL is for one user or one group'],
  [{ user: 1, state: 'absent' }, undefined],
  [{ user: 1, directories: 'rx' }, undefined],
  [{ entity: 1, etype: 'group', permissions: '' }, undefined],
])('%j: %s', (args, message) => {
  expect(acl.misuse?.({ path: '/x', etype: 'user', state: 'present', ...args })?.message).toBe(message);
});
