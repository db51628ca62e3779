import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { type EntryType, entryType, readStats } from './entry-stat.ts';
import { parts, stateOfError } from './trouble.ts';

/** An entry below a directory. */
export interface TreeEntry {
  readonly type: EntryType;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Of a file in bytes, else 0. */
  readonly size: number;
  /** Of a file that can be read, hex. */
  readonly sha256?: string;
  /** Target of a link, unresolved. */
  readonly target?: string;
}

/** Everything below a directory, by its path relative to it. */
export type Tree = Readonly<Record<string, TreeEntry>>;

interface TreeParams {
  readonly path: string;
  /** Names (with * and ?) of entries that are not entered. */
  readonly prune: readonly string[];
}

/**
 * Content of a directory, with the hashes of all files: one find, one stat and one sha256sum for hundreds of them.
 */
export const treeProbe = defineProbe<TreeParams, Tree>({
  name: 'tree',
  about: 'All that is below a directory: types, modes, owners, links and the hashes of files.',
  cost: 100,
  deadline: 600,
  together: false,
  key: ({ path, prune }) => JSON.stringify([path, prune]),
  scopes: ({ path }) => [`tree:${path}`],
  ask: (items) => joinSh(items.map(askOne), '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const text = (name: string): string => said.get(name)?.toString('utf8') ?? '';
    return new Map(
      items.flatMap(({ id, params }): [string, State<Tree>][] => {
        if (!said.has('end')) return [];
        const what = text('what').trim();
        if (/: /.test(what)) return [[id, stateOfError(what)]];
        if (what !== 'directory')
          return [[id, { kind: 'unavailable', why: `${params.path} is a ${what}, not a directory` }]];
        const hashes = readHashes(text('hashes'));
        const entries = [...readStats(text('stats'), reply.nonce)].map(([name, stat]): [string, TreeEntry] => {
          const { raw, uid, gid, size, target } = stat;
          const type = entryType(raw);
          const sha256 = type === 'file' ? hashes.get(name) : undefined;
          const entry = {
            type,
            mode: (raw & 0o7777).toString(8).padStart(4, '0'),
            uid,
            gid,
            size: type === 'file' ? size : 0,
            ...(sha256 === undefined ? {} : { sha256 }),
            ...(target === undefined ? {} : { target }),
          };
          return [name.replace(/^\.\//, ''), entry];
        });
        // The host chooses the names: none may have a special meaning (__proto__).
        return [[id, present(Object.fromEntries(entries))]];
      }),
    );
  },
});

/** Asks for the content of a directory; entries with a name in `prune` are listed, but not entered. */
export function tree(path: string, prune: readonly string[] = [], account: Account = {}): Question<Tree> {
  return question(treeProbe, { path, prune }, account);
}

function askOne({ params }: Item<TreeParams>): Sh {
  const { path, prune } = params;
  const names = prune.flatMap((name, i) => [...(i === 0 ? [] : ['-o']), '-name', name]);
  // Pruned entries are listed anyway: a directory that contains them is not empty.
  const pruned = names.length === 0 ? sh`` : sh`\( ${names} \) -prune -exec stat -c "$f" -- '{}' + -o`;
  const left = names.length === 0 ? sh`` : sh`\( ${names} \) -prune -o`;
  return sh`
    export QUOTING_STYLE=literal
    f="$N|%f|%u|%g|%U|%G|%s|%Y|%d|%i|%h|%n$N>%N$N."
    printf '\n%s what\n' "$N"
    stat -L -c %F -- ${path} 2>&1
    if cd -- ${path} 2>/dev/null; then
      printf '\n%s stats\n' "$N"
      find . -mindepth 1 ${pruned} -exec stat -c "$f" -- '{}' + 2>/dev/null
      printf '\n%s hashes\n' "$N"
      find . -mindepth 1 ${left} -type f -exec sha256sum -- '{}' + 2>/dev/null
    fi
    printf '\n%s end\n' "$N"
  `;
}

/** sha256sum's lines; GNU's begins with a backslash if it escaped the name. A name may contain line breaks. */
function readHashes(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pieces = text.split(/^(\\?)([0-9a-f]{64}) [ *]/m);
  for (let i = 1; i + 2 < pieces.length; i += 3) {
    const escaped = pieces[i] === '\\';
    const name = (pieces[i + 2] ?? '').replace(/\n$/, '');
    const words: Readonly<Record<string, string>> = { '\\n': '\n', '\\r': '\r', '\\\\': '\\' };
    const plain = escaped ? name.replace(/\\[nr\\]/g, (word) => words[word] ?? word) : name;
    found.set(plain, pieces[i + 1] ?? '');
  }
  return found;
}
