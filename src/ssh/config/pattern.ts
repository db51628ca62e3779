/**
 * `*` and `?` as in ssh_config(5), PATTERNS; letter case counts. It uses no regular expressions: a hostile file must not
 * make it slow.
 */
export function wildcard(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let mark = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star !== -1) {
      p = star + 1;
      n = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * Whether a name matches a list of patterns (ssh_config(5), PATTERNS: "pattern-list"). A negated pattern that matches
 * excludes the name at any position; a list of only negated patterns matches nothing.
 */
export function matchesList(patterns: readonly string[], name: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (wildcard(pattern.slice(1), name)) return false;
    } else found ||= wildcard(pattern, name);
  }
  return found;
}
