import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HealError } from '../core/errors.ts';

/** Directories that identify a project. */
const marks = ['inventory', 'tasks'];

/**
 * The project's directory: the one given, else the nearest upwards of `cwd` that has `inventory/` or `tasks/`.
 * @throws HealError of kind `usage` if none is found
 */
export function findProject(cwd: string, given: string | undefined): string {
  if (given !== undefined) {
    const directory = resolve(cwd, given);
    if (isDirectory(directory)) return directory;
    throw new HealError('usage', `there is no directory ${directory}`, {
      hint: '--project names the directory of a project',
    });
  }
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    if (marks.some((mark) => isDirectory(join(directory, mark)))) return directory;
    if (dirname(directory) === directory) break;
  }
  throw new HealError('usage', `no project here: neither ${cwd} nor a directory above it has inventory/ or tasks/`, {
    hint: 'change to a project, or name it with --project',
  });
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
