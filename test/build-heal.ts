import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSync } from './child.ts';
import { removeWithRun } from './run-directory.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds the command as it ships, by the build script itself but into a directory of this test run: tests that begin while another
 * program builds `dist` anew are not disturbed. Workers find its path in HEAL_TEST_ENTRY. Called once per project; the first call builds.
 */
export function buildHeal(): void {
  if (process.env['HEAL_TEST_ENTRY'] !== undefined) return;
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  // Not in /tmp: its imports are found in node_modules above it.
  const directory = mkdtempSync(join(cache, 'heal-'));
  removeWithRun(directory);
  const { scripts }: { scripts: { build: string } } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const bundle = scripts.build
    .replace(/^rm -rf dist && /, '')
    .replace('--outdir=dist', `--outdir=${join(directory, 'dist')}`);
  const bin = join(root, 'node_modules', '.bin');
  runSync('/bin/sh', ['-c', bundle], { cwd: root, env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` } });
  cpSync(join(root, 'bin'), join(directory, 'bin'), { recursive: true });
  process.env['HEAL_TEST_ENTRY'] = join(directory, 'bin/heal.js');
}
