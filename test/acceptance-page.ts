import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { runSync } from './child.ts';

/** Writes docs/acceptance.md: which tests ran on which commit, how they ended, and how long they took. */
export default class AcceptancePage implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules
      .flatMap((module) => [...module.children.allTests()])
      .filter((test) => test.result().state !== 'skipped')
      .map((test) => {
        const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1);
        return `| ${test.fullName.replaceAll('|', '\\|')} | ${test.result().state} | ${seconds} s |`;
      });
    // A run of a part says nothing of the rest.
    if (process.argv.some((word) => word.endsWith('.test.ts') || word === '-t')) return;
    const commit = runSync('git', ['rev-parse', '--short=9', 'HEAD']).trim();
    const changed = runSync('git', ['status', '--porcelain', '--', 'src', 'roles', 'tasks', 'templates', 'test']);
    const text = `# Acceptance

The last run of \`npm run acceptance\`: drills, and roles on the real OpenClaw 2026.9.6 with Node 24, on lab hosts.

${new Date().toISOString().slice(0, 10)}, commit ${commit}${changed === '' ? '' : ' with changes'}, ${cpus().length} cores.

| test | result | time |
| --- | --- | --- |
${rows.join('\n')}
`;
    writeFileSync(join(import.meta.dirname, '../docs/acceptance.md'), text);
  }
}
