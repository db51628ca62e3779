import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Scope } from '../core/scope.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { aclLibrary } from './acl-judge.ts';
import { defineProbe } from './define.ts';
import { parts, stateOfError } from './trouble.ts';

/** Permissions of one account or group: letters of `rwxX`; undefined leaves that kind of path unchanged. */
export interface AclEntry {
  readonly kind: 'user' | 'group';
  /** Name or number. */
  readonly who: string;
  readonly files: string | undefined;
  readonly directories: string | undefined;
}

/** The desired ACLs at a path. */
export interface DesiredAcl {
  readonly path: string;
  readonly recursive: boolean;
  /** Whether the entries apply to the path itself, to what will be created in it, or to both. */
  readonly sides: 'access' | 'default' | 'access default';
  readonly remove: boolean;
  readonly entries: readonly AclEntry[];
}

/** The differences between the ACLs at a path and the desired ones. */
export interface AclFindings {
  readonly type: 'directory' | 'file' | 'link';
  /** Number of paths checked. */
  readonly total: number;
  readonly differing: number;
  /** The first of the differing paths, with the effective permissions of their entries. */
  readonly shown: readonly { readonly path: string; readonly before: string; readonly after: string }[];
  /** A name among the entries that the host doesn't know: then no path was checked. */
  readonly unknown?: string;
}

/** Differences between the ACLs at and below a path and the desired ones. Computed on the host, which is fast for many paths. */
export const aclProbe = defineProbe<DesiredAcl, AclFindings>({
  name: 'acl',
  about: 'How the ACLs of a path, or of a directory and all in it, differ from what is wanted.',
  cost: 20,
  deadline: 120,
  key: (desired) => JSON.stringify(desired),
  scopes: ({ path, recursive, entries }) => [
    recursive ? `tree:${path}` : `path:${path}`,
    'packages',
    ...entries.flatMap(({ kind, who }): Scope[] => (/^\d+$/.test(who) ? [] : ['users', `${kind}:${who}`])),
  ],
  ask: (items) => joinSh([aclLibrary, ...items.map(askOne)], '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id, params }): [string, State<AclFindings>][] => {
        const text = said.get(`acl-${id}`)?.toString('utf8');
        return text === undefined ? [] : readOne(text, params).map((state) => [id, state]);
      }),
    );
  },
});

/** Asks for the differences between the ACLs at a path and the desired ones. */
export function acl(desired: DesiredAcl, account: Account = {}): Question<AclFindings> {
  return question(aclProbe, desired, account);
}

/** Sets `$_wanted`: the entries with numbers instead of names, or the name that no account has in `$_unknown`. */
export function wantedText(entries: readonly AclEntry[]): Sh {
  const each = entries.map(
    ({ kind, who, files, directories }) => sh`
      _id=$(acl_number ${kind === 'user' ? 'passwd' : 'group'} ${who})
      case $_id in ''|*[!0-9]*) _unknown=${`${kind} ${who}`} ;; esac
      _wanted="$_wanted "${kind}:$_id:${files ?? '='}:${directories ?? '='}
    `,
  );
  return joinSh([sh`_wanted= _unknown=`, ...each], '\n');
}

function askOne({ id, params }: Item<DesiredAcl>): Sh {
  const { path, recursive, sides, remove, entries } = params;
  return sh`
    printf '\n%s acl-%s\n' "$N" ${id}
    (
      p=${path}
      s=$(stat -c %F -- "$p" 2>&1) || { printf 'stat %s\n' "$s"; exit; }
      [ ! -L "$p" ] || { echo link; exit; }
      if [ -d "$p" ]; then echo directory; else echo file; fi
      { command -v getfacl && command -v setfacl; } >/dev/null || { echo tools; exit; }
      ${wantedText(entries)}
      [ -z "$_unknown" ] || { printf 'unknown %s\n' "$_unknown"; exit; }
      acl_enter "$p" || { printf 'stat %s: Permission denied\n' "$p"; exit; }
      { e=$({ acl_walk ${recursive ? 1 : 0} | acl_judge ask ${sides} ${remove ? 1 : 0} "$_wanted"; } 2>&1 >&8); } 8>&1
      printf '%s\n' "$e" | grep 'Permission denied$' | head -n 1 | while read -r line; do printf 'denied %s\n' "$line"; done
    )
  `;
}

function readOne(text: string, { path }: DesiredAcl): State<AclFindings>[] {
  const lines = text.split('\n');
  const after = (word: string): string | undefined =>
    lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
  const trouble = after('stat');
  if (trouble !== undefined) return [stateOfError(trouble)];
  if (lines.includes('link')) return [present({ type: 'link', total: 0, differing: 0, shown: [] })];
  if (lines.includes('tools')) {
    return [{ kind: 'unavailable', why: 'the host has no getfacl and setfacl: install the package acl' }];
  }
  const denied = after('denied');
  if (denied !== undefined) return [{ kind: 'denied', why: denied }];
  const type = lines.includes('directory') ? 'directory' : 'file';
  const unknown = after('unknown');
  if (unknown !== undefined) return [present({ type, total: 0, differing: 0, shown: [], unknown })];
  const count = /^(\d+) (\d+)$/.exec(after('count') ?? '');
  if (count === null) return [];
  const shown = lines.flatMap((line) => {
    const found = /^path ([^|]*)\|([^|]*)\|(.*)$/.exec(line);
    if (found?.[1] === undefined || found[2] === undefined || found[3] === undefined) return [];
    return [{ path: below(path, unescaped(found[3]), type), before: found[1], after: found[2] }];
  });
  return [present({ type, total: Number(count[1]), differing: Number(count[2]), shown })];
}

function below(path: string, name: string, type: 'directory' | 'file'): string {
  if (type === 'file' || name === '.') return path;
  return `${path === '/' ? '' : path}/${name.replace(/^\.\//, '')}`;
}

/** getfacl writes a backslash as `\\` and control characters as `\ooo`. */
function unescaped(name: string): string {
  return name.replace(/\\(?:\\|([0-7]{3}))/g, (_all, code: string | undefined) =>
    code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 8)),
  );
}
