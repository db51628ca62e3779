import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { runSync } from './child.ts';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/acceptance.md');

const head = `# Acceptance

The last result of each file of \`npm run acceptance\`: drills, roles on the real OpenClaw 2026.9.6 with Node 24, and all cases of the suite, on lab hosts and this machine.
`;

/**
 * Keeps docs/acceptance.md: how the tests of each file ended, on which commit, and how long they took. A run of some files
 * replaces their sections; a run of single tests (`-t`) says nothing of a file.
 */
export default class AcceptancePage implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (process.argv.some((word) => word === '-t' || word.startsWith('--testNamePattern'))) return;
    const sections = new Map(existsSync(page) ? sectionsOf(readFileSync(page, 'utf8')) : []);
    for (const module of modules) sections.set(module.relativeModuleId, sectionOf(module));
    const kept = [...sections].filter(([file]) => existsSync(join(root, file))).sort(([a], [b]) => (a < b ? -1 : 1));
    writeFileSync(page, [head, ...kept.map(([file, text]) => `## ${file}\n\n${text}`)].join('\n'));
  }
}

/** The sections of the page by file. */
function sectionsOf(text: string): [file: string, section: string][] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), `${section.slice(section.indexOf('\n')).trim()}\n`]);
}

function sectionOf(module: TestModule): string {
  const commit = runSync('git', ['rev-parse', '--short=9', 'HEAD'], { cwd: root }).trim();
  const status = ['status', '--porcelain', '--', 'src', 'roles', 'tasks', 'templates', 'test'];
  const changed = runSync('git', status, { cwd: root });
  const rows = [...module.children.allTests()].map((test) => {
    const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1);
    return `| ${test.fullName.replaceAll('|', '\\|')} | ${test.result().state} | ${seconds} s |`;
  });
  const today = new Date().toISOString().slice(0, 10);
  return `${today}, commit ${commit}${changed === '' ? '' : ' with changes'}, ${cpus().length} cores.

| test | result | time |
| --- | --- | --- |
${rows.join('\n')}
`;
}
