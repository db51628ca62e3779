import type { Account, Item, Question, Reply } from '../core/probe.ts';
import { question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { type DefaultAcl, readGetfacl, readLs } from './entry-acl.ts';
import { type Entry, entryType, rawMode, readStats, type Stat } from './entry-stat.ts';
import { isPlain, parts, stateOfError } from './trouble.ts';

export type { Entry } from './entry-stat.ts';

/** The question about a path: `hash` also reads a regular file's content on the host. */
interface EntryParams {
  readonly path: string;
  readonly hash: boolean;
}

/**
 * Seconds that `stat` of one path asked separately may take: more means that its file system hangs. Only reading
 * content may take longer.
 */
const patience = 10;

/**
 * Attributes of a path, links not followed. One `stat` answers for all plain paths; those whose names tools would quote in
 * their messages are asked one by one in the same script.
 */
export const entryProbe = defineProbe<EntryParams, Entry>({
  name: 'entry',
  about: 'What is at a path: its type, mode, owner, size, target and hash.',
  cost: 6,
  // Reading a large file takes time; reading attributes does not.
  deadline: ({ hash }) => (hash ? 60 : 10),
  key: ({ path, hash }) => (hash ? `hash ${path}` : path),
  scopes: ({ path }) => [`path:${path}`],
  ask: (items) => {
    const plain = uniquePaths(items.filter((item) => isPlain(item.params.path)));
    const odd = items.filter((item) => !isPlain(item.params.path));
    return joinSh(
      [
        items.length === 1 ? sh`t=${`timeout -s KILL ${patience}`}` : sh`t=`,
        sh`export QUOTING_STYLE=literal; nl='
'`,
        sh`f="$N|%f|%u|%g|%U|%G|%s|%Y|%d|%i|%h|%n$N>%N$N."`,
        sh`mounts=$nl$(cut -d ' ' -f 5 /proc/self/mountinfo 2>/dev/null)$nl`,
        ...(plain.length === 0
          ? []
          : [together(plain, uniquePaths(items.filter((item) => item.params.hash && isPlain(item.params.path))))]),
        ...odd.map(alone),
      ],
      '\n',
    );
  },
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const text = (name: string): string => said.get(name)?.toString('utf8') ?? '';
    if (said.has('hung')) return new Map(items.map(({ id }) => [id, { kind: 'timeout', seconds: patience }]));
    const stats = readStats(text('stat'), reply.nonce);
    const errors = new Map(
      text('errors')
        .split('\n')
        .flatMap((line) => errorOf(line)),
    );
    const acls = said.has('getfacl') ? readGetfacl(text('getfacl')) : readLs(text('ls'));
    const hashes = new Map(
      text('hash')
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
    const mounts = new Set(text('mounts').split('\n'));
    return new Map(
      items.flatMap((item): [string, State<Entry>][] => {
        const { path } = item.params;
        if (!isPlain(path)) return readAlone(item, text, reply);
        const stat = stats.get(path);
        if (stat !== undefined) {
          const acl = acls.get(path);
          return [[item.id, present(entryOf(item.params, stat, acl, hashes.get(path), mounts.has(path)))]];
        }
        const error = errors.get(path);
        return error === undefined ? [] : [[item.id, stateOfError(error)]];
      }),
    );
  },
  guard: ({ path }, state) => {
    if (state.kind !== 'present') return sh`gone ${path}`;
    const now = state.value;
    const raw = rawMode(now);
    const checks =
      now.type === 'file'
        ? [sh`same ${path} ${'%f %u %g %s'} ${`${raw} ${now.uid} ${now.gid} ${now.size}`}`]
        : [sh`same ${path} ${'%f %u %g'} ${`${raw} ${now.uid} ${now.gid}`}`];
    if (now.sha256 !== undefined) checks.push(sh`hashed ${path} ${now.sha256}`);
    if (now.target !== undefined) checks.push(sh`points ${path} ${now.target}`);
    return joinSh(checks, ' && ');
  },
});

/** Asks for the attributes of an absolute path. With `hash`, regular files include the SHA-256 of their content. */
export function entry(path: string, options: { readonly hash?: boolean } = {}, account: Account = {}): Question<Entry> {
  return question(entryProbe, { path, hash: options.hash ?? false }, account);
}

function together(paths: readonly string[], hashed: readonly string[]): Sh {
  return sh`
    set -- ${paths}
    printf '\n%s stat\n' "$N"
    { e=$($t stat -c "$f" -- "$@" 2>&1 >&8 8>&-); r=$?; } 8>&1
    printf '\n%s errors\n%s\n' "$N" "$e"
    [ "$r" != 137 ] || { printf '\n%s hung\n' "$N"; exit; }
    if command -v getfacl >/dev/null; then printf '\n%s getfacl\n' "$N"; getfacl -psn -- "$@" 2>/dev/null
    else printf '\n%s ls\n' "$N"; ls -ldi -- "$@" 2>/dev/null
    fi
    printf '\n%s mounts\n' "$N"
    for p do case $mounts in *"$nl$p$nl"*) printf '%s\n' "$p" ;; esac; done
    set -- ${hashed}
    for p do
      shift
      [ ! -f "$p" ] || [ -L "$p" ] || set -- "$@" "$p"
    done
    printf '\n%s hash\n' "$N"
    [ $# = 0 ] || sha256sum -- "$@" 2>/dev/null
  `;
}

function alone({ id, params }: Item<EntryParams>): Sh {
  return sh`
    p=${params.path}
    printf '\n%s stat-%s\n' "$N" ${id}
    $t stat -c "$f" -- "$p" 2>&1
    [ "$?" != 137 ] || { printf '\n%s hung\n' "$N"; exit; }
    printf '\n%s acl-%s\n' "$N" ${id}
    [ -L "$p" ] || getfacl -psn -- "$p" 2>/dev/null
    printf '\n%s hash-%s\n' "$N" ${id}
    [ ${params.hash ? 1 : 0} = 0 ] || [ ! -f "$p" ] || [ -L "$p" ] || sha256sum <"$p" 2>/dev/null
  `;
}

function readAlone(item: Item<EntryParams>, text: (name: string) => string, reply: Reply): [string, State<Entry>][] {
  const said = text(`stat-${item.id}`);
  const stat = readStats(said, reply.nonce).get(item.params.path);
  if (stat === undefined) return [[item.id, stateOfError(said)]];
  const acl = [...readGetfacl(text(`acl-${item.id}`)).values()][0];
  const hash = text(`hash-${item.id}`).slice(0, 64);
  return [[item.id, present(entryOf(item.params, stat, acl, hash === '' ? undefined : hash, false))]];
}

function entryOf(
  params: EntryParams,
  stat: Stat,
  acl: { readonly access: boolean; readonly defaults?: DefaultAcl } | undefined,
  hash: string | undefined,
  mounted: boolean,
): Entry {
  const { raw, target, ...rest } = stat;
  const type = entryType(raw);
  return {
    ...rest,
    type,
    mode: (raw & 0o7777).toString(8).padStart(4, '0'),
    size: type === 'file' ? stat.size : 0,
    acl: type !== 'link' && (acl?.access ?? false),
    mountpoint: mounted,
    ...(acl?.defaults === undefined || type !== 'directory' ? {} : { defaultAcl: acl.defaults }),
    ...(target === undefined ? {} : { target }),
    ...(type === 'file' && params.hash ? { readable: hash !== undefined } : {}),
    ...(type === 'file' && params.hash && hash !== undefined ? { sha256: hash } : {}),
  };
}

/** A line of `stat` about one path: `stat: cannot statx 'PATH': WORDS`, busybox `stat: can't stat 'PATH': WORDS`. */
function errorOf(line: string): [string, string][] {
  const match = /^stat: (?:cannot|can't) \w+ '([^']*)': [^:]*$/.exec(line);
  return match?.[1] === undefined ? [] : [[match[1], line]];
}

function uniquePaths(items: readonly Item<EntryParams>[]): string[] {
  return [...new Set(items.map((item) => item.params.path))];
}
