import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/flags.ts';
import { parse } from '../../src/cli/parse.ts';
import { healEntry, runHeal } from '../cli/built.ts';
import { commandsIn, pagesOf } from './commands.ts';

const root = join(import.meta.dirname, '../..');
const pages = pagesOf(root);
const shown = pages.flatMap((page) => commandsIn(root, page, 'heal'));

/** Commands that connect to nothing. */
const harmless = shown.filter(
  ({ inline, words }) =>
    !inline && (words[0] === 'hosts' || words[0] === 'vars' || words.some((word) => /^--(list-|syntax)/.test(word))),
);

describe('the commands that pages show', () => {
  test('the pages contain commands', () => {
    expect(shown.length).toBeGreaterThan(20);
    expect(harmless.length).toBeGreaterThan(3);
  });

  test.each(shown)('$at: $text', ({ words, inline }) => {
    const [name] = words;
    const command = commands.find((one) => one.name === name);
    if (inline && (name === undefined || name === 'COMMAND' || words.includes('--help'))) return;
    // A sentence may leave out what a command is given.
    const complete =
      inline && command?.takes.startsWith('<') === true && !words.slice(1).some((word) => !word.startsWith('-'));
    expect(parse(complete ? [...words, 'site'] : words, 100).kind).toBe('command');
  });

  test.each(pages.flatMap((page) => commandsIn(root, page, 'npm')))('$at: $text', ({ words }) => {
    const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const [verb, script = ''] = words;
    if (verb === 'run') expect(Object.keys(scripts)).toContain(script);
    else expect(['ci', 'cit', 'link', 'test']).toContain(verb);
  });
});

describe('the commands without connections have the expected result', () => {
  test.each(harmless)('$at: $text', async ({ words }) => {
    const done = await runHeal(healEntry, words, { cwd: root });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).not.toBe('');
  });
});

describe('links', () => {
  const links = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
      (match) => ({
        page,
        path: match[1] ?? '',
        heading: match[2],
      }),
    ),
  );

  test.each(links)('$page: $path#$heading', ({ page, path, heading }) => {
    const target = path === '' ? join(root, page) : join(root, dirname(page), path);
    expect(existsSync(target)).toBe(true);
    if (heading === undefined) return;
    const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(headings).toContain(heading);
  });
});
