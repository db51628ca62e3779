import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** Words of our own, or out of order, for which the field has plain ones (CONTRIBUTING.md, "Words"). */
const refused =
  /\b(deeds?|chores?|debts?|owed|foretold|strangers?|wish|lanes?|truth|a text|is there already|is so|told apart|by itself|nobody)\b/i;

const files = ['src', 'docs', 'roles', 'tasks', 'templates', 'inventory'].flatMap((directory) =>
  readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
    /\.(ts|md|yml|hbs|sh|json)$/.test(name) ? [`${directory}/${name}`] : [],
  ),
);

test('documents, messages and comments use standard terms', () => {
  expect(files.length).toBeGreaterThan(200);
  const found = [...files, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (refused.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
