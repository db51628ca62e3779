import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Module } from '../../src/core/module.ts';
import { converge, scratch, shells } from '../modules/on-this-machine.ts';

const root = join(import.meta.dirname, '../..');
const pages = [
  'CONTRIBUTING.md',
  'README.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

describe('files that a page names exist', () => {
  test.each(pages)('%s', (page) => {
    const named = readFileSync(join(root, page), 'utf8').match(
      /\b(?:src|test|bin|templates)\/[a-z0-9/-]+\.(?:ts|js|ps1|yml|hbs)\b/g,
    );
    const example = 'src/modules/empty-file.ts';
    expect((named ?? []).filter((path) => path !== example && !existsSync(join(root, path)))).toEqual([]);
  });

  test('the top comment of src/run/run.ts', () => {
    const [comment = ''] =
      /\/\*\*\n \* src\/run [\s\S]*?\*\//.exec(readFileSync(join(root, 'src/run/run.ts'), 'utf8')) ?? [];
    const named = [...comment.matchAll(/`([a-z-]+\/[a-z-]+)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !existsSync(join(root, `src/run/${name}.ts`)))).toEqual([]);
  });
});

describe('the module in CONTRIBUTING.md', () => {
  const [, text = ''] = /```ts\n(import [\s\S]*?)```/.exec(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')) ?? [];

  test.each(shells())('creates the file, once, under $name', async (shell) => {
    const directory = scratch();
    const file = join(directory, 'empty-file.ts');
    writeFileSync(
      file,
      text.replace(/'(\.\.?\/[^']+)'/g, (_all, path: string) => `'${join(root, 'src/modules', path)}'`),
    );
    const { emptyFile }: { emptyFile: Module } = await import(file);
    const path = join(directory, 'marker');
    const done = converge(shell, emptyFile, { path });
    expect(done.first.changes.map(({ title }) => title)).toEqual([`create ${path}`]);
    expect(done.applied.map(({ code }) => code)).toEqual([0]);
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(done.after.changes).toEqual([]);
    rmSync(directory, { recursive: true });
  });
});
