import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Play } from '../../src/core/playbook.ts';
import { type Shell, shells } from '../shell/shells.ts';
import { runs, until } from '../until.ts';
import { modules } from './made-modules.ts';
import { runMade } from './made-run.ts';

/** Shells of this machine, a directory for what runs make, and what runs a play there. */
interface EngineRuns {
  readonly all: readonly Shell[];
  readonly directory: string;
  readonly run: (shell: Shell, play: Play, more?: Parameters<typeof runMade>[3]) => ReturnType<typeof runMade>;
  /** A path below the directory that no other test has. */
  readonly newFile: (shell: Shell) => string;
}

/** Makes the shells and the directory, which are removed after the tests of the file. */
export function engineRuns(): EngineRuns {
  const directory = mkdtempSync(join(tmpdir(), 'heal-run-'));
  const { all, remove } = shells();
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
    remove();
  });

  const run = (shell: (typeof all)[number], play: Play, more: Parameters<typeof runMade>[3] = {}) =>
    runMade(shell, play, modules, more);
  const newFile = (shell: Shell): string => join(directory, `${shell.name.replace(' ', '-')}-${Math.random()}`);
  return { all, directory, run, newFile };
}

/** Waits until a process is no more. */
export const gone = (pid: number): Promise<void> => until(`process ${pid} has ended`, () => !runs(pid));
