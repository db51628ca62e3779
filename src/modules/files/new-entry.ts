import type { Entry } from '../../probes/entry.ts';
import type { User } from '../../probes/user.ts';
import type { Attributes } from './attributes.ts';
import { fourDigits } from './mode.ts';

/** What determines the attributes of a new entry in addition to the task: the account that creates it, and the directory. */
export interface Origin {
  readonly self?: User | undefined;
  readonly parent?: Entry | undefined;
}

/**
 * A file or directory right after its creation: 0644 or 0755 if no mode is given, the group of a setgid directory,
 * the bits of a directory's default ACL (acl(5), "object creation and default ACLs").
 */
export function newEntry(type: 'file' | 'directory', wanted: Attributes, { self, parent }: Origin): Entry {
  const setgid = parent !== undefined && (Number.parseInt(parent.mode, 8) & 0o2000) !== 0;
  const group = setgid && parent !== undefined ? { id: parent.gid, name: parent.group } : undefined;
  const gid = wanted.group?.id ?? group?.id ?? self?.gid ?? 0;
  const defaults = parent?.defaultAcl;
  const most = type === 'file' ? 0o666 : 0o777;
  const special = type === 'directory' && setgid ? '2' : '0';
  const given = wanted.mode === undefined ? undefined : fourDigits(wanted.mode);
  const inherited =
    defaults === undefined ? undefined : (Number.parseInt(defaults.mode, 8) & most).toString(8).padStart(3, '0');
  const plain = inherited ?? (type === 'file' ? '644' : '755');
  const mode =
    given === undefined
      ? `${special}${plain}`
      : defaults?.extended === true
        ? `${given.slice(0, 2)}${plain[1]}${given[3]}`
        : given;
  return {
    type,
    mode,
    uid: wanted.owner?.id ?? self?.uid ?? 0,
    owner: wanted.owner?.name ?? self?.name ?? 'root',
    gid,
    // The account's own group has the account's name on most hosts; a wrong guess is only shown in a plan.
    group: wanted.group?.name ?? group?.name ?? self?.name ?? 'root',
    size: 0,
    acl: defaults?.extended ?? false,
    mountpoint: false,
    ...(type === 'directory' && defaults !== undefined ? { defaultAcl: defaults } : {}),
  };
}
