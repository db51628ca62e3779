import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command that a page shows. */
export interface Shown {
  /** The page and line. */
  readonly at: string;
  readonly text: string;
  readonly words: readonly string[];
  /** In a sentence rather than in a block: it may be no whole command. */
  readonly inline: boolean;
}

/** The pages that people read. */
export function pagesOf(root: string): readonly string[] {
  const roles = readdirSync(join(root, 'roles')).map((role) => `roles/${role}/README.md`);
  const docs = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs, ...roles];
}

/** All commands of one program that a page shows, in blocks of shell and in sentences. */
export function commandsIn(root: string, page: string, program: string): Shown[] {
  const found: Shown[] = [];
  let fence: string | undefined;
  for (const [index, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const at = `${page}:${index + 1}`;
    const mark = /^\s*```(\w*)/.exec(line);
    if (mark !== null) {
      fence = fence === undefined ? mark[1] : undefined;
      continue;
    }
    const texts =
      fence === undefined
        ? [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
        : fence === 'sh'
          ? line.replace(/\s+#.*$/, '').split(/\s*&&\s*/)
          : [];
    for (const text of texts.map((one) => one.trim())) {
      const words = shellWords(text);
      if (words[0] === program) found.push({ at, text, words: words.slice(1), inline: fence === undefined });
    }
  }
  return found;
}

/** Words of a plain command line: quotes hold words together. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => String(single ?? double)));
}
