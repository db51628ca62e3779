import type { LocalEntry } from '../../core/change.ts';
import type { Tree, TreeEntry } from '../../probes/tree.ts';
import type { Attributes } from './attributes.ts';
import { fourDigits } from './mode.ts';

/** How to compare the two directories. */
export interface DesiredTree {
  readonly attributes: Attributes;
  readonly directoryMode: string | undefined;
  readonly remove: boolean;
  readonly excluded: (path: string, isDirectory: boolean) => boolean;
}

/** Steps that make the host's directory equal to the local one. */
export interface SyncSteps {
  /** Entries to send, parents first. */
  readonly send: readonly { readonly path: string; readonly mode: string }[];
  /** Existing entries with another owner or mode. */
  readonly alter: readonly { readonly path: string; readonly mode: string | undefined; readonly type: string }[];
  /** Entries to remove, the deepest first. */
  readonly remove: readonly { readonly path: string; readonly isDirectory: boolean }[];
  /** An entry that prevents the sync. */
  readonly clash?: string;
  /** The predicted content of the directory. `self` creates new entries. */
  readonly after: Tree;
}

/** Compares the local directory with the host's. `self` is the account that creates new entries there. */
export function syncSteps(
  local: readonly LocalEntry[],
  there: Tree,
  desired: DesiredTree,
  self: { readonly uid: number; readonly gid: number },
): SyncSteps {
  const now = new Map(Object.entries(there));
  const wanted = new Map(local.map((entry) => [entry.path, entry]));
  const after = new Map(now);
  const { owner, group } = desired.attributes;

  // Excluded entries prevent the removal of the directories that contain them.
  const held = new Set<string>();
  for (const [path, entry] of now) {
    if (!desired.excluded(path, entry.type === 'directory')) continue;
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) held.add(at);
  }
  const remove: { path: string; isDirectory: boolean }[] = [];
  let clash: string | undefined;
  for (const [path, entry] of now) {
    const local = wanted.get(path);
    const isDirectory = entry.type === 'directory';
    const differs = local !== undefined && isDirectory !== (local.type === 'directory');
    if (local !== undefined && !differs) continue;
    if (local === undefined && (!desired.remove || held.has(path))) continue;
    if (differs && (!desired.remove || held.has(path)))
      clash ??= `${path} is a ${entry.type} on the host, and a ${local.type} here`;
    remove.push({ path, isDirectory });
    after.delete(path);
  }
  // A directory that is replaced with a file is removed with its content.
  for (const { path, isDirectory } of [...remove]) {
    if (!isDirectory || !wanted.has(path)) continue;
    for (const [below, entry] of now) {
      if (below.startsWith(`${path}/`) && after.delete(below))
        remove.push({ path: below, isDirectory: entry.type === 'directory' });
    }
  }

  const send: { path: string; mode: string }[] = [];
  const alter: { path: string; mode: string | undefined; type: string }[] = [];
  for (const entry of local) {
    const is = after.get(entry.path);
    const mode = modeOf(entry, is, desired);
    const next: TreeEntry = {
      type: entry.type,
      mode: entry.type === 'link' ? '0777' : mode,
      uid: owner?.id ?? is?.uid ?? self.uid,
      gid: group?.id ?? is?.gid ?? self.gid,
      size: entry.size,
      ...(entry.sha256 === undefined ? {} : { sha256: entry.sha256 }),
      ...(entry.target === undefined ? {} : { target: entry.target }),
    };
    after.set(entry.path, next);
    if (is === undefined || is.type !== next.type || !sameContent(is, next)) send.push({ path: entry.path, mode });
    else if (is.uid !== next.uid || is.gid !== next.gid || (entry.type !== 'link' && is.mode !== next.mode)) {
      alter.push({ path: entry.path, mode: is.mode === next.mode ? undefined : next.mode, type: entry.type });
    }
  }
  return {
    send,
    alter,
    remove: remove.sort((a, b) => (a.path < b.path ? 1 : -1)),
    ...(clash === undefined ? {} : { clash }),
    after: Object.fromEntries(after),
  };
}

/** The given mode; else the existing mode, adjusted to whether it is a program; else the default mode. */
function modeOf(entry: LocalEntry, is: TreeEntry | undefined, { attributes, directoryMode }: DesiredTree): string {
  if (entry.type === 'directory') return fourDigits(directoryMode ?? (is?.type === 'directory' ? is.mode : '0755'));
  if (attributes.mode !== undefined) {
    const given = Number.parseInt(attributes.mode, 8);
    // An account that may read a program may run it.
    return octal(entry.executable ? given | ((given & 0o444) >> 2) : given);
  }
  if (is?.type !== 'file') return entry.executable ? '0755' : '0644';
  const old = Number.parseInt(is.mode, 8);
  return octal(entry.executable ? old | ((old & 0o444) >> 2) : old & ~0o111);
}

function sameContent(is: TreeEntry, next: TreeEntry): boolean {
  if (is.type === 'file') return is.sha256 === next.sha256;
  return is.type === 'link' ? is.target === next.target : true;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
