import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const local = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Files that define more cases here than in the suite: by all-cases.ts itself, or by what shells.ts makes of it. */
const withMoreCases = readdirSync(local('.'), { recursive: true, encoding: 'utf8' }).filter(
  (file) =>
    file.endsWith('.test.ts') &&
    /\/all-cases\.ts'|\b(casesUnder|engineShells)\b/.test(readFileSync(local(file), 'utf8')),
);

// `npm run acceptance`: drills, roles on the real OpenClaw (600 MB from the registry), and all cases of the suite. It takes
// half an hour, and writes what it found to docs/acceptance.md.
export default defineConfig({
  root: local('..'),
  test: {
    name: 'acceptance',
    include: ['test/**/*.acceptance.test.ts', ...withMoreCases.map((file) => `test/${file}`)],
    env: { HEAL_TESTS: 'all' },
    reporters: ['default', local('./closing-line.ts'), local('./acceptance-page.ts')],
    globalSetup: local('./machine.ts'),
    setupFiles: local('./watched.ts'),
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
