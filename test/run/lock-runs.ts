import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Play, Task } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import { attemptSync } from '../child.ts';
import type { Shell } from '../shell/shells.ts';
import { until } from '../until.ts';
import { madePlay, madeTask } from './made.ts';
import { runMade } from './made-run.ts';

/** Lets a command of a task wait for the test; it ends with the test in any case. */
export const gate = (file: string): string => `: >'${file}.reached'; until [ -e '${file}.open' ]; do sleep 0.05; done`;
/** Opens the gate of a file. */
export const open = (file: string): void => writeFileSync(`${file}.open`, '');
/** Waits until a command is at the gate of a file. */
export const reached = (file: string): Promise<void> =>
  until(`${file} is reached`, () => existsSync(`${file}.reached`));

/** Runs that change this machine with its lock, and a directory for what they make. */
interface LockRuns {
  readonly directory: string;
  readonly at: (name: string) => string;
  readonly log: () => string;
  readonly shellTask: (cmd: string, more?: Partial<Task>) => Task;
  readonly start: (who: string, tasks: readonly Task[], more?: Settings) => ReturnType<typeof runMade>;
}

type Settings = Parameters<typeof runMade>[3] &
  Partial<Pick<Play, 'handlers' | 'verify' | 'anyErrorsFatal'>> & { readonly timeout?: number; readonly play?: string };

/**
 * A shell for which the directory of root's lock is another one: runs of tests in other files have the lock of this machine. Only
 * root may mount, but only root's lock is in a directory of the machine. Root of a container that may not mount has that one.
 */
function withOwnLock(shell: Shell, directory: string): Shell {
  if (process.getuid?.() !== 0 || attemptSync('unshare', ['--mount', 'true']).code !== 0) return shell;
  // Absolute paths: the PATH is that of the shell.
  const mount = '/bin/mkdir -p /run/heal && /bin/mount --bind "$0" /run/heal && exec "$@"';
  return { ...shell, command: ['/usr/bin/unshare', '-m', '/bin/sh', '-c', mount, directory, ...shell.command] };
}

/** Registers a directory for each test, and returns what runs tasks with a lock of their own under a shell. */
export function lockRuns(shell: Shell): LockRuns {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heal-lock-'));
  });
  afterEach(() => {
    // Whatever still waits for a gate goes on.
    for (const name of ['gate', 'other']) if (existsSync(directory)) open(at(name));
    rmSync(directory, { recursive: true, force: true });
  });
  const at = (name: string): string => join(directory, name);
  const log = (): string => readFileSync(at('log'), 'utf8');
  const shellTask = (cmd: string, more: Partial<Task> = {}): Task => madeTask('shell', { cmd }, more);
  const start = (who: string, tasks: readonly Task[], more: Settings = {}) => {
    const { handlers = [], verify = [], timeout = 100, play = 'made', anyErrorsFatal, ...rest } = more;
    const lock = { timeout, run: `${who}-${directory}`, who: () => `${who}@laptop` };
    return runMade(
      withOwnLock(shell, directory),
      madePlay(tasks, { name: play, handlers, verify, ...(anyErrorsFatal === undefined ? {} : { anyErrorsFatal }) }),
      modules,
      { lock, ...rest },
    );
  };
  return {
    get directory() {
      return directory;
    },
    at,
    log,
    shellTask,
    start,
  };
}

/** The warnings among events. */
export const warnings = (events: readonly Event[]): string[] =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
