import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownKeywords } from './keywords.ts';
import { schemas } from './schemas.ts';
import { commandTables, connectionTable, helperTable, keywordTable, modulePage, precedenceTable } from './sections.ts';

/** What `npm run docs` writes: path below the repository's root, and text. */
export async function generatedPages(root: string): Promise<ReadonlyMap<string, string>> {
  const known = await knownKeywords();
  const pages = new Map<string, string>([['docs/modules.md', modulePage()]]);
  for (const [name, schema] of Object.entries(schemas(known))) {
    pages.set(`docs/schemas/${name}`, `${JSON.stringify(schema, undefined, 2)}\n`);
  }
  const sections: Readonly<Record<string, () => string>> = {
    commands: commandTables,
    keywords: () => keywordTable(known),
    helpers: helperTable,
    connection: connectionTable,
    precedence: () => precedenceTable(root),
  };
  for (const page of ['README.md', 'docs/language.md', 'docs/inventory.md']) {
    const path = join(root, page);
    if (existsSync(path)) pages.set(page, filled(readFileSync(path, 'utf8'), sections, page));
  }
  return pages;
}

const marked = /(<!-- begin ([a-z]+): npm run docs writes this -->\n)[\s\S]*?(<!-- end \2 -->)/g;

/** A page with its marked parts made anew. */
function filled(text: string, sections: Readonly<Record<string, () => string>>, page: string): string {
  return text.replace(marked, (_all, begin: string, name: string, end: string) => {
    const section = sections[name];
    if (section === undefined) throw new Error(`${page}: there is no generated part "${name}"`);
    return `${begin}\n${section()}\n\n${end}`;
  });
}
