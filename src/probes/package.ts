import { type Account, type Item, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';

/** An installed package. */
export interface Package {
  /** Another package that is installed and provides this name. */
  readonly provider?: string;
  /** Not predictable in a plan: absent from predictions. */
  readonly stamp?: { readonly version: string; readonly candidate: string };
}

interface PackageParams {
  readonly name: string;
  /** Also look up the newest version that the host's package lists know. */
  readonly newest: boolean;
}

/**
 * Which packages are installed: one `dpkg-query`, `rpm -q` or `apk list` for all names. A name that is not a package may be
 * provided by another package.
 */
export const packageProbe = defineProbe<PackageParams, Package>({
  name: 'package',
  about: 'Whether a package is installed, in which version, and which is the newest known.',
  cost: 25,
  deadline: 60,
  key: ({ name, newest }) => `${newest ? 'newest ' : ''}${name}`,
  scopes: ({ name, newest }) => ['packages', `package:${name}`, ...(newest ? ['package-lists'] : [])],
  ask: (items) => {
    const names = unique(items);
    const newest = unique(items.filter(({ params }) => params.newest));
    return sh`
      set -- ${names}
      if command -v dpkg-query >/dev/null; then
        printf '\n%s dpkg\n' "$N"
        own=$(dpkg-query -W -f '\${Package}|\${Architecture}|\${db:Status-Status}|\${Version}\n' -- "$@" 2>/dev/null)
        printf '%s\n' "$own"
        # A name that is not installed may be a virtual package.
        if [ "$(printf '%s\n' "$own" | grep -c '|installed|')" -lt $# ]; then
          printf '\n%s provides\n' "$N"
          dpkg-query -W -f '\${db:Status-Status}|\${Package}|\${Provides}\n' 2>/dev/null | grep '^installed|.*|.'
        fi
        set -- ${newest}
        if [ $# != 0 ]; then
          printf '\n%s policy\n' "$N"
          apt-cache policy -- "$@" 2>/dev/null
        fi
      # Tests for the database: busybox has its own rpm command, which lists no packages.
      elif [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; then
        printf '\n%s rpm\n' "$N"
        for name do
          rpm -q --whatprovides --qf "$name|%{NAME}|%{EVR}\n" -- "$name" 2>/dev/null | grep -F '|' | head -n 1
        done
      elif command -v apk >/dev/null; then
        printf '\n%s apk\n' "$N"
        for name do apk info -e -v -- "$name" 2>/dev/null | head -n 1 | while read -r line; do echo "$name|$line"; done; done
      else
        printf '\n%s none\n' "$N"
      fi
      printf '\n%s end\n' "$N"
    `;
  },
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    if (!said.has('end')) return new Map();
    const text = (name: string): string => said.get(name)?.toString('utf8') ?? '';
    if (said.has('none')) {
      const why = 'the host has no package manager that heal knows (apt, dnf, apk)';
      return new Map(items.map(({ id }) => [id, { kind: 'unavailable', why }]));
    }
    const candidates = readPolicy(text('policy'));
    const find = said.has('dpkg') ? dpkgFinder(text('dpkg'), text('provides')) : otherFinder(text('rpm') + text('apk'));
    return new Map(
      items.map(({ id, params }): [string, State<Package>] => {
        const found = find(params.name);
        if (found === undefined) return [id, absent];
        const { provider, version } = found;
        const candidate = candidates.get(params.name) ?? '';
        return [id, present({ ...(provider === undefined ? {} : { provider }), stamp: { version, candidate } })];
      }),
    );
  },
});

/** Asks whether a package is installed; with `newest`, also for the newest available version. */
export function installed(
  name: string,
  options: { readonly newest?: boolean } = {},
  account: Account = {},
): Question<Package> {
  return question(packageProbe, { name, newest: options.newest ?? false }, account);
}

interface Found {
  readonly provider?: string;
  readonly version: string;
}

type Finder = (name: string) => Found | undefined;

function dpkgFinder(own: string, provided: string): Finder {
  const lines = own
    .split('\n')
    .map((line) => line.split('|'))
    .filter((fields) => fields[2] === 'installed');
  const providers = provided
    .split('\n')
    .map((line) => line.split('|'))
    .map(([, name = '', names = '']) => ({ name, names: names.split(', ').map((one) => one.replace(/[ (].*$/, '')) }));
  return (name) => {
    const [plain, architecture] = name.split(':');
    const line = lines.find(([found, of]) => found === plain && (architecture === undefined || of === architecture));
    if (line !== undefined) return { version: line[3] ?? '' };
    const provider = providers.find(({ names }) => names.includes(plain ?? ''));
    return provider === undefined ? undefined : { provider: provider.name, version: '' };
  };
}

function otherFinder(text: string): Finder {
  const lines = text.split('\n').map((line) => line.split('|'));
  return (name) => {
    const line = lines.find(([asked]) => asked === name);
    return line === undefined ? undefined : { version: line[2] ?? '' };
  };
}

/** `apt-cache policy`: a block for each name, `NAME:`, then indented `Candidate: VERSION`. */
function readPolicy(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let name = '';
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line)) name = line.slice(0, -1);
    const candidate = /^ {2}Candidate: (\S+)$/.exec(line)?.[1];
    if (candidate !== undefined && candidate !== '(none)') found.set(name, candidate);
  }
  return found;
}

function unique(items: readonly Item<PackageParams>[]): string[] {
  return [...new Set(items.map(({ params }) => params.name))];
}
