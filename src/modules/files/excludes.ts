/**
 * Excludes entries of a directory with patterns: `cache` and `*.log` match a name at any depth, `/build` and `a/b` a path
 * relative to the directory, `logs/` only directories. `*` and `?` do not match a slash, `**` does. Excluded directories
 * are not searched.
 */
export function excluder(patterns: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  const rules = patterns.map(ruleOf);
  return (path, isDirectory) => {
    const parts = path.split('/');
    return parts.some((name, i) => {
      const asDirectory = i < parts.length - 1 || isDirectory;
      const upTo = parts.slice(0, i + 1).join('/');
      return rules.some((rule) => (asDirectory || !rule.directories) && rule.fits.test(rule.whole ? upTo : name));
    });
  };
}

/** Patterns that are only names: `find` supports them as well, and then need not enter matching directories. */
export function namePatterns(patterns: readonly string[]): string[] {
  return patterns.filter((pattern) => !pattern.includes('/') && !pattern.includes('**') && !/[[\]\\]/.test(pattern));
}

interface Rule {
  readonly fits: RegExp;
  readonly whole: boolean;
  readonly directories: boolean;
}

function ruleOf(pattern: string): Rule {
  const directories = pattern.endsWith('/');
  const words = pattern.replace(/\/+$/, '');
  const whole = words.includes('/');
  const source = words
    .replace(/^\/+/, '')
    .split(/(\*\*\/?|\*|\?)/)
    .map((piece) => {
      switch (piece) {
        case '**/':
          return '(?:.*/)?';
        case '**':
          return '.*';
        case '*':
          return '[^/]*';
        case '?':
          return '[^/]';
        default:
          return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      }
    })
    .join('');
  return { fits: new RegExp(`^${source}$`, 's'), whole, directories };
}
