import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { runSync, startChild } from '../child.ts';
import { removeWithRun } from '../run-directory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command as it ships: built by the build script itself, but into a directory of this process. */
export function buildHeal(): { readonly entry: string; readonly remove: () => void } {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'heal-'));
  removeWithRun(directory);
  const { scripts }: { scripts: { build: string } } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const bundle = scripts.build
    .replace(/^rm -rf dist && /, '')
    .replace('--outdir=dist', `--outdir=${join(directory, 'dist')}`);
  const bin = join(root, 'node_modules', '.bin');
  runSync('/bin/sh', ['-c', bundle], {
    cwd: root,
    env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
  });
  cpSync(join(root, 'bin'), join(directory, 'bin'), { recursive: true });
  return { entry: join(directory, 'bin/heal.js'), remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What a command printed, and how it ended. */
export interface Transcript {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds that it may take; default: that of child.ts. */
  readonly limitMs?: number;
  /** Called when something was printed; may send signals to the process. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs it without a terminal and without the colours, keys and settings of whoever runs the tests. */
export function runHeal(entry: string, args: readonly string[], options: RunOptions): Promise<Transcript> {
  return startHeal(entry, args, options).done;
}

/** A command that runs. */
export interface Started {
  readonly done: Promise<Transcript>;
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** The same, for a test that does something meanwhile. */
export function startHeal(entry: string, args: readonly string[], options: RunOptions): Started {
  const { PATH = '', TMPDIR = tmpdir() } = process.env;
  const env = { PATH, TMPDIR, HOME: options.cwd, TERM: 'xterm', ...options.env };
  const { child, pid, ended } = startChild(process.execPath, [entry, ...args], { ...options, env });
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: string) => options.onOutput?.(text, kill));
  }
  return { done: ended, pid, kill };
}

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A directory with these files in it, gone when the test file has ended. */
export function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'heal-cli-'));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}
