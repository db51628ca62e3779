import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const lab = ['test/**/*.lab.test.ts', 'test/lab/**/*.test.ts'];

// The lab boots real hosts, so its files run one at a time and may take minutes; all else is quick.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    reporters: ['default', fileURLToPath(new URL('./closing-line.ts', import.meta.url))],
    globalSetup: fileURLToPath(new URL('./machine.ts', import.meta.url)),
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: lab, testTimeout: 20_000 } },
      {
        extends: true,
        test: { name: 'lab', include: lab, testTimeout: 120_000, hookTimeout: 600_000, fileParallelism: false },
      },
    ],
  },
});
