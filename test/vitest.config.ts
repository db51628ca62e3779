import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The lab boots real hosts, so its files run one at a time and may take minutes; all else is quick.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
