import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { withSourcePositions } from '../../src/cli/source-positions.ts';
import { healEntry } from './built.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A text that is once in the sources. */
const text = 'this is a bug of heal: ';

/** Where the build has it, as in a stack trace. */
function builtPosition(): string {
  const chunks = join(dirname(healEntry), '../dist/chunks');
  for (const name of readdirSync(chunks).filter((file) => file.endsWith('.js'))) {
    for (const [index, line] of readFileSync(join(chunks, name), 'utf8').split('\n').entries()) {
      const column = line.indexOf(text);
      if (column >= 0) return `${pathToFileURL(join(chunks, name)).href}:${index + 1}:${column}`;
    }
  }
  throw new Error(`the build does not have "${text}"`);
}

test('a position in the build becomes one in the sources', () => {
  const stack = withSourcePositions(`Error: x\n    at b (${builtPosition()})\n    at async Promise.all (index 0)`);
  const [, file, line] =
    /^Error: x\n {4}at b \((src\/\S+\.ts):(\d+):\d+\)\n {4}at async Promise.all \(index 0\)$/.exec(stack) ?? [];
  expect(stack).toContain('src/cli/crash.ts');
  expect(readFileSync(join(root, file ?? ''), 'utf8').split('\n')[Number(line) - 1]).toContain(text);
});

test.each([
  'at x (file:///nowhere/at/all.js:1:2)',
  'at x (node:internal/modules/esm/loader:3:4)',
  `at x (${pathToFileURL(healEntry).href}:1:1)`,
])('a position without a source map is not changed: %s', (line) => {
  expect(withSourcePositions(line)).toBe(line);
});
