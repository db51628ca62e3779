import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const lab = ['test/**/*.lab.test.ts', 'test/lab/**/*.test.ts'];
/** Those that assert how long something takes: one at a time, when all else is done. */
const timed = ['test/ssh/connect.lab.test.ts', 'test/faults/several-hosts.lab.test.ts'];
const workers = (name: string, usual: number) => Number(process.env[name] ?? usual);

// The lab boots real hosts, so its files run one at a time and may take minutes; all else is quick.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    reporters: ['default', fileURLToPath(new URL('./closing-line.ts', import.meta.url))],
    globalSetup: fileURLToPath(new URL('./machine.ts', import.meta.url)),
    setupFiles: fileURLToPath(new URL('./watched.ts', import.meta.url)),
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: lab,
          testTimeout: 20_000,
          maxWorkers: workers('UNIT_WORKERS', 2),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: lab,
          exclude: timed,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: workers('LAB_WORKERS', 2),
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: timed,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
