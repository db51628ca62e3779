import type { Account, Question } from '../../core/probe.ts';
import type { Sh } from '../../core/sh.ts';
import type { Entry } from '../../probes/entry.ts';
import { group, type User, type UserGroup, user } from '../../probes/user.ts';
import { sh } from '../../shell/sh.ts';
import { fourDigits, octalWord, symbolicMode } from './mode.ts';

/** Owner, group and mode as task arguments. */
export interface AttributeArgs {
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode?: string;
}

/** Desired owner, group and mode of a path; omitted ones are kept. */
export interface Attributes {
  readonly owner?: { readonly id: number; readonly name: string };
  readonly group?: { readonly id: number; readonly name: string };
  /** Four octal digits. */
  readonly mode?: string;
}

/** The questions that convert names to numbers. */
export type AttributeReads = {
  readonly owner: Question<User> | undefined;
  readonly group: Question<UserGroup> | undefined;
};

/** The questions for `owner` and `group`. */
export function attributeReads(args: AttributeArgs, account: Account): AttributeReads {
  return {
    owner: args.owner === undefined ? undefined : user(args.owner, account),
    group: args.group === undefined ? undefined : group(args.group, account),
  };
}

/** The desired attributes, or why they are impossible: an account that the host doesn't have. */
export function wantedAttributes(
  args: AttributeArgs,
  answers: { readonly owner?: User | undefined; readonly group?: UserGroup | undefined },
): Attributes | { readonly failed: string } {
  const owner = identity(args.owner, answers.owner?.uid, answers.owner?.name);
  const ownerGroup = identity(args.group, answers.group?.gid, answers.group?.name);
  if (owner === 'none') return { failed: `there is no user ${args.owner} on this host` };
  if (ownerGroup === 'none') return { failed: `there is no group ${args.group} on this host` };
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(ownerGroup === undefined ? {} : { group: ownerGroup }),
    ...(args.mode === undefined ? {} : { mode: fourDigits(args.mode) }),
  };
}

/** The differences, worded for a Change's title: `mode 0600 -> 0644`. */
export function attributeDifferences(entry: Entry, wanted: Attributes): string[] {
  const titles: string[] = [];
  if (wanted.owner !== undefined && wanted.owner.id !== entry.uid)
    titles.push(`owner ${entry.owner} -> ${wanted.owner.name}`);
  if (wanted.group !== undefined && wanted.group.id !== entry.gid)
    titles.push(`group ${entry.group} -> ${wanted.group.name}`);
  if (wanted.mode !== undefined && comparable(entry, wanted.mode) !== comparable(entry, entry.mode)) {
    titles.push(`mode ${entry.mode} -> ${withMode(entry, wanted.mode)}`);
  }
  return titles;
}

/** The Entry with these attributes. */
export function withAttributes(entry: Entry, wanted: Attributes): Entry {
  const { stamp: _stamp, ...rest } = entry;
  return {
    ...rest,
    ...(wanted.owner === undefined ? {} : { uid: wanted.owner.id, owner: wanted.owner.name }),
    ...(wanted.group === undefined ? {} : { gid: wanted.group.id, group: wanted.group.name }),
    ...(wanted.mode === undefined ? {} : { mode: withMode(entry, wanted.mode) }),
  };
}

/** Sets the attributes of an existing path. A chown removes setuid and setgid, so they are set again after it. */
export function attributeScript(path: string, entry: Entry, wanted: Attributes): Sh {
  const owner = chownWord(wanted);
  const special = owner !== '' && entry.mode[0] !== '0' ? entry.mode : undefined;
  const mode = wanted.mode ?? special;
  return sh`attributes ${path} ${owner} ${mode === undefined ? '' : entry.acl ? symbolicMode(mode) : octalWord(mode)}`;
}

/**
 * Ends an act on `real`, or on the file `name` in it, if it was found through a link that another account may have created, or
 * whose target is another one by now.
 */
export function followText(given: string, real: string, name = ''): Sh[] {
  return given === real ? [] : [sh`follow ${given} ${real} ${name}`];
}

/** `uid:gid` for chown, without the part that must not change. */
export function chownWord({ owner, group: ownerGroup }: Attributes): string {
  if (ownerGroup === undefined) return owner === undefined ? '' : String(owner.id);
  return `${owner?.id ?? ''}:${ownerGroup.id}`;
}

/** A path with an ACL keeps the third digit, which is its mask. */
function withMode(entry: Entry, mode: string): string {
  return entry.acl ? `${mode.slice(0, 2)}${entry.mode[2]}${mode[3]}` : mode;
}

function comparable(entry: Entry, mode: string): string {
  return entry.acl ? `${mode.slice(0, 2)}${mode[3]}` : mode;
}

function identity(
  given: string | number | undefined,
  id: number | undefined,
  name: string | undefined,
): { readonly id: number; readonly name: string } | 'none' | undefined {
  if (given === undefined) return undefined;
  if (id !== undefined && name !== undefined) return { id, name };
  // A number needs no account: an owner in a container has no account on the host.
  return /^\d+$/.test(String(given)) ? { id: Number(given), name: String(given) } : 'none';
}
