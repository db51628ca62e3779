import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { startChild } from '../child.ts';

/** The command as it ships, built once for all files of this run (test/build-heal.ts). */
export const healEntry: string = process.env['HEAL_TEST_ENTRY'] ?? 'not built: the global setup sets HEAL_TEST_ENTRY';

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
