import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Place } from '../../core/place.ts';
import { usage } from '../yaml/problems.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import type { Inventory, InventoryHost } from './groups.ts';

/**
 * The hosts that a pattern names, in the inventory's order. Terms are separated by `,` or `:`
 *
 * | term | hosts |
 * | --- | --- |
 * | `jack4`, `vps` | this host, or all hosts of this group |
 * | `all`, `*` | every host |
 * | `jack*`, `jack?`, `jack[1-3]` | hosts and groups whose names match the glob |
 * | `~jack\d+` | hosts and groups whose names match the regular expression |
 * | `vps[0]`, `vps[-1]`, `vps[0:2]` | by position in a group |
 * | `!john1` | but not these |
 * | `&b` | of those, only the ones that are in b too |
 *
 * Throws a usage HealError for a name that is neither a host nor a group, and if no host remains.
 */
export function selectHosts(inventory: Inventory, pattern: string, at?: Place): readonly InventoryHost[] {
  const terms = termsOf(pattern, inventory);
  const plain = terms.filter((term) => !/^[!&]/.test(term));
  let chosen = new Set<string>();
  // `--limit '!john1'` means all other hosts, as in Ansible.
  if (plain.length === 0 && terms.length > 0) chosen = new Set(inventory.hosts.keys());
  for (const term of plain) for (const name of hostsOf(term, inventory, at)) chosen.add(name);
  for (const term of terms.filter((one) => one.startsWith('&'))) {
    const both = hostsOf(term.slice(1), inventory, at);
    chosen = new Set([...chosen].filter((name) => both.includes(name)));
  }
  for (const term of terms.filter((one) => one.startsWith('!'))) {
    for (const name of hostsOf(term.slice(1), inventory, at)) chosen.delete(name);
  }
  if (chosen.size === 0) throw usage(`"${pattern}" matches no host`, at, known(inventory));
  return [...inventory.hosts.values()].filter((host) => chosen.has(host.name));
}

/**
 * The hosts that `--limit` names; `@FILE` is replaced by the names in that file, one a line (a retry file). Rejects with a
 * usage HealError. `cwd` is the base of a relative FILE.
 */
export async function limitHosts(inventory: Inventory, limit: string, cwd: string): Promise<readonly InventoryHost[]> {
  const terms: string[] = [];
  for (const term of termsOf(limit, inventory)) {
    if (term.startsWith('@')) terms.push(...(await namesInFile(resolve(cwd, term.slice(1)))));
    else terms.push(term);
  }
  if (terms.length === 0) throw usage(`--limit ${limit} names no host`, undefined, known(inventory));
  return selectHosts(inventory, terms.join(','));
}

async function namesInFile(path: string): Promise<string[]> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  } catch (cause) {
    throw usage(`can't read the list of hosts ${path}`, undefined, 'check the path after @', cause);
  }
}

function termsOf(pattern: string, inventory: Inventory): string[] {
  return pattern
    .split(',')
    .map((part) => part.trim())
    .flatMap((part) => {
      // The colons of an IPv6 address, of a path and of a regular expression do not separate terms.
      if (inventory.hosts.has(part) || /^[!&]?~/.test(part) || part.startsWith('@')) return [part];
      return part.split(/:(?![^[]*\])/).map((term) => term.trim());
    })
    .filter((term) => term !== '');
}

function hostsOf(term: string, inventory: Inventory, at: Place | undefined): readonly string[] {
  if (term === 'all' || term === '*') return [...inventory.hosts.keys()];
  if (inventory.hosts.has(term)) return [term];
  const group = inventory.groups.get(term);
  if (group !== undefined) return group.hosts;
  const position = /^(.+)\[(-?\d+)(?::(-?\d*))?\]$/.exec(term);
  const indexed = position?.[1] === undefined ? undefined : inventory.groups.get(position[1]);
  if (indexed !== undefined && position !== null) return byPosition(indexed.hosts, position[2], position[3]);
  if (term.startsWith('~')) return matching(inventory, regex(term.slice(1), at));
  if (/[*?[]/.test(term)) return matching(inventory, glob(term));
  const names = [...inventory.hosts.keys(), ...inventory.groups.keys()];
  throw usage(`there is no host or group "${term}"`, at, didYouMean(term, names, known(inventory)));
}

function byPosition(hosts: readonly string[], from: string | undefined, to: string | undefined): readonly string[] {
  const first = Number(from);
  if (to === undefined) return hosts.slice(first, first === -1 ? undefined : first + 1);
  // Ansible's end index is inclusive.
  const last = to === '' ? hosts.length : Number(to) + 1;
  return hosts.slice(first, last === 0 ? undefined : last);
}

function matching(inventory: Inventory, expression: RegExp): readonly string[] {
  const found = new Set([...inventory.hosts.keys()].filter((name) => expression.test(name)));
  for (const group of inventory.groups.values()) {
    if (group.name !== 'all' && expression.test(group.name)) for (const host of group.hosts) found.add(host);
  }
  return [...found];
}

function regex(source: string, at: Place | undefined): RegExp {
  try {
    return new RegExp(`^(?:${source})`);
  } catch (cause) {
    throw usage(`~${source} is not a regular expression`, at, 'check its parentheses and brackets', cause);
  }
}

function glob(pattern: string): RegExp {
  const source = pattern.replace(/\[(!?)([^\]]*)\]|[.+^${}()|\\[\]]|\*|\?/g, (part, not, set) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (typeof set === 'string') return `[${not === '!' ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`;
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

function known(inventory: Inventory): string {
  const hosts = [...inventory.hosts.keys()];
  const groups = [...inventory.groups.keys()].filter((name) => name !== 'all');
  if (hosts.length === 0) return 'the inventory contains no host';
  return `hosts are ${listed(hosts)}${groups.length === 0 ? '' : `; groups are ${listed(groups)}`}`;
}
