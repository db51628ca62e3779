import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const local = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

// `npm run acceptance`: drills, and roles on the real OpenClaw (600 MB from the registry). It takes half an hour, and
// writes what it found to docs/acceptance.md.
export default defineConfig({
  root: local('..'),
  test: {
    name: 'acceptance',
    include: ['test/**/*.acceptance.test.ts'],
    reporters: ['default', local('./closing-line.ts'), local('./acceptance-page.ts')],
    globalSetup: local('./machine.ts'),
    setupFiles: local('./watched.ts'),
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
