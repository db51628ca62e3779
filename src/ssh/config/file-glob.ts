import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { wildcard } from './pattern.ts';

/**
 * Paths that match an absolute path with `*`, `?` and `[...]` in it, sorted, as glob(7) of POSIX defines it: a wildcard
 * matches no `/` and no leading dot. A path without wildcards is returned unchanged, whether or not it exists.
 */
export async function globFiles(path: string): Promise<readonly string[]> {
  if (!hasWildcard(path)) return [path];
  const { root } = parse(path);
  let found = [root];
  for (const segment of path.slice(root.length).split(/[/\\]/).filter(Boolean)) {
    if (!hasWildcard(segment)) {
      found = found.map((directory) => join(directory, segment));
      continue;
    }
    const next: string[] = [];
    for (const directory of found) {
      const names = await readdir(directory).catch(() => []);
      next.push(...names.filter((name) => matches(segment, name)).map((name) => join(directory, name)));
    }
    found = next;
  }
  return found.sort();
}

function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

function matches(segment: string, name: string): boolean {
  if (name.startsWith('.') && !segment.startsWith('.')) return false;
  const open = segment.indexOf('[');
  if (open < 0) return wildcard(segment, name);
  const source = segment.replace(/\[([!^]?)([^\]]+)\]|[*?]|[^*?[]+|\[/g, (part, not?: string, set?: string) => {
    if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replace(/[\\[\]^]/g, '\\$&')}]`;
    if (part === '*') return '[^]*';
    return part === '?' ? '[^]' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`).test(name);
}
