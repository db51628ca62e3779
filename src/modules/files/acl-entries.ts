import type { Misuse } from '../../core/playbook.ts';
import type { AclEntry, DesiredAcl } from '../../probes/acl.ts';

/** One entry according to a task. */
interface Given {
  readonly user?: string | number;
  readonly group?: string | number;
  readonly permissions?: string;
  readonly files?: string;
  readonly directories?: string;
}

/** The arguments that name the account or group of an ACL entry and its permissions. */
export interface EntryArgs extends Given {
  readonly entity?: string | number;
  readonly etype: 'user' | 'group';
  readonly entries?: readonly Given[];
}

/** Errors in them that a schema can't express. */
export function wrongEntries(args: EntryArgs, remove: boolean): Misuse | undefined {
  const all = given(args);
  if (all.length === 0) return { message: 'acl needs a user, a group, or entries' };
  for (const { user, group, permissions, files, directories } of all) {
    if ((user === undefined) === (group === undefined)) {
      return { message: 'an entry of an ACL is for one user or one group' };
    }
    if (!remove && (permissions ?? files ?? directories) === undefined) {
      return { message: `acl needs permissions for ${user === undefined ? `group ${group}` : `user ${user}`}` };
    }
  }
  return undefined;
}

/** The desired entries. */
export function entriesOf(args: EntryArgs): readonly AclEntry[] {
  return given(args).map(({ user, group, permissions, files, directories }) => ({
    kind: user === undefined ? 'group' : 'user',
    who: String(user ?? group),
    files: files ?? permissions,
    directories: directories ?? permissions,
  }));
}

function given({ entity, etype, entries = [], ...own }: EntryArgs): readonly Given[] {
  const short: Given = entity === undefined ? own : { ...own, [etype]: entity };
  return short.user === undefined && short.group === undefined ? entries : [short, ...entries];
}

/** One entry, worded for a title: `rw (files) and rwx (directories) to user 101000`. */
export function rightsOf({ kind, who, files, directories }: AclEntry, desired: DesiredAcl, type: string): string {
  const whom = `${kind} ${who}`;
  if (desired.remove) return whom;
  const as = desired.sides === 'access' ? '' : desired.sides === 'default' ? ' by default' : ', also by default,';
  const mixed = desired.recursive && type === 'directory';
  const name = (permissions: string | undefined): string => (permissions === '' ? '-' : (permissions ?? ''));
  if (!mixed) return `${name(type === 'directory' ? directories : files)} to ${whom}${as}`;
  if (files === directories) return `${name(files)} to ${whom}${as}`;
  const parts = [
    ...(files === undefined ? [] : [`${name(files)} (files)`]),
    ...(directories === undefined ? [] : [`${name(directories)} (directories)`]),
  ];
  return `${parts.join(' and ')} to ${whom}${as}`;
}
