import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

interface Failure {
  readonly message?: string;
}

/**
 * The end of a run's output: the names of what was skipped, then of what failed with its first error, then
 * `N passed, N failed, N skipped` as the last line. A test that never ended counts as failed.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly Failure[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    const skipped: string[] = [];
    // A part of the tests chosen by name skips all others.
    const inCi =
      process.env['CI'] === 'true' && !process.argv.some((word) => word === '-t' || word.startsWith('--testName'));
    const failed = errors.map((error) => `outside of tests: ${firstLine([error])}`);
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      if (module.state() === 'failed' && module.errors().length > 0) {
        counts.failed += 1;
        failed.push(`${file}: ${firstLine(module.errors())}`);
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length === 0) continue;
        counts.failed += 1;
        failed.push(`${file} > ${suite.fullName}: ${firstLine(suite.errors())}`);
      }
      for (const test of module.children.allTests()) {
        const { state, errors: own } = test.result();
        counts[state] += 1;
        if (state === 'skipped') skipped.push(test.fullName);
        if (state === 'skipped' && inCi) {
          counts.failed += 1;
          failed.push(`${file} > ${test.fullName}: skipped, but CI has all that it needs`);
        }
        if (state === 'failed') failed.push(`${file} > ${test.fullName}: ${firstLine(own ?? [])}`);
        if (state === 'pending') failed.push(`${file} > ${test.fullName}: it never ended`);
      }
    }
    counts.failed += counts.pending;
    const lines = [...skipped.map((name) => `skipped: ${name}`), ...failed.map((text) => `failed: ${text}`)];
    for (const line of lines) process.stdout.write(`${line}\n`);
    if (counts.failed > 0) process.exitCode = 1;
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}

/** The first line of the first error. */
function firstLine(errors: readonly Failure[]): string {
  return errors[0]?.message?.split('\n')[0] ?? 'no error was recorded';
}
