import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { identify, isAlive } from './lab/process-identity.ts';

/** Below a run's directory: a symbolic link to each directory elsewhere that is removed together with it. */
const elsewhere = 'elsewhere';

/**
 * Makes the directory for all temporary files of this test run and sets TMPDIR to it, in this process and in the workers
 * that it starts later. Removes the directories of runs that were killed. vitest calls this once per project; the first
 * call makes the directory, and it is removed when this process exits, however its tests and workers ended.
 *
 * @param vitestDirectory where vitest keeps transformed files (`project.tmpDir`): also removed with the run
 */
export function makeRunDirectory(vitestDirectory: string): string {
  const { pid, started } = identify(process.pid) ?? { pid: process.pid, started: '0' };
  // The name identifies the process, so that the next run knows whether it still runs.
  const name = `heal-test-${pid}-${started}`;
  if (basename(tmpdir()) !== name) {
    removeDeadRuns(tmpdir());
    const directory = join(tmpdir(), name);
    mkdirSync(directory);
    // Like /tmp itself: tests also run programs as other users.
    chmodSync(directory, 0o1777);
    mkdirSync(join(directory, elsewhere), { mode: 0o700 });
    process.env['TMPDIR'] = directory;
    process.once('exit', () => removeRun(directory));
  }
  removeWithRun(vitestDirectory);
  return tmpdir();
}

/** Has a directory outside of the run's directory removed together with it, unless it is removed before. */
export function removeWithRun(directory: string): void {
  symlinkSync(directory, join(tmpdir(), elsewhere, basename(directory)));
}

/** The mount points at or below a directory, given the text of /proc/self/mountinfo. */
export function mountsBelow(directory: string, mountInfo: string): string[] {
  const points = mountInfo.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  // The kernel writes a space, tab, newline or backslash of a path as `\` with three octal digits.
  const paths = points.map((point) =>
    point.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
  );
  return paths.filter((path) => path === directory || path.startsWith(`${directory}/`));
}

function removeDeadRuns(parent: string): void {
  for (const name of list(parent)) {
    const [, pid, started = ''] = /^heal-test-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive({ pid: Number(pid), started })) removeRun(join(parent, name));
  }
}

function removeRun(directory: string): void {
  const links = join(directory, elsewhere);
  // Anybody may make a directory in /tmp; the links in one of another account are not ours to follow.
  if (!isOwn(directory)) return;
  if (isOwn(links)) for (const name of list(links)) removeTree(readlinkSync(join(links, name)));
  removeTree(directory);
}

function isOwn(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** Removes a directory and all below it, unless a file system is mounted there: its files are not the run's. */
function removeTree(directory: string): void {
  try {
    const mounted = mountsBelow(realpathSync(directory), readFileSync('/proc/self/mountinfo', 'utf8'));
    if (mounted.length > 0) throw new Error(`${mounted.join(', ')} is mounted`);
    // Another run that starts now may remove the same, and a worker that ends may still write.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') process.stderr.write(`\n${directory} was not removed: ${error}\n`);
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
