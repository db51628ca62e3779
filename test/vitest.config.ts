import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long begin first: one of them begun last would leave the other workers idle. Between the two that work on
 * many hosts at once, site and jack-service, stand those with one.
 */
const minutes = [
  'fake-hosts',
  'site.lab',
  'docker.lab',
  'jack-service',
  'several-hosts',
  'become',
  'lab/lab.test',
  'site-roles',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = minutes.findIndex((name) => moduleId.includes(name));
      return at === -1 ? minutes.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const lab = ['test/**/*.lab.test.ts', 'test/lab/**/*.test.ts'];
/** What takes many minutes, or the real OpenClaw: `npm run acceptance`, by a configuration of its own. */
const acceptance = ['test/**/*.acceptance.test.ts'];
const workers = (name: string, usual: number) => Number(process.env[name] ?? usual);

// The lab boots real hosts, so its files may take minutes; they mostly wait, so two of them run at a time, once all else,
// which is quick, is done.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    reporters: ['default', fileURLToPath(new URL('./closing-line.ts', import.meta.url))],
    globalSetup: fileURLToPath(new URL('./machine.ts', import.meta.url)),
    setupFiles: fileURLToPath(new URL('./watched.ts', import.meta.url)),
    hookTimeout: 120_000,
    // Files share a worker and what it has loaded: what a file changes of the process it puts back.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...lab, ...acceptance],
          // Far more than any takes: a busy machine is slow to start programs, and a limit is for what hangs.
          testTimeout: 90_000,
          // Some tests wait for limits, so one more than there are processors.
          maxWorkers: workers('UNIT_WORKERS', 3),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: lab,
          exclude: acceptance,
          // A run of a whole site takes half a minute on a quiet machine, and several on a busy one.
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: workers('LAB_WORKERS', 2),
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
