import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HealError } from '../core/errors.ts';

/** Folders by which a project is known. */
const marks = ['inventory', 'tasks'];

/**
 * The project's folder: the one given, else the nearest upwards of `cwd` that has `inventory/` or `tasks/`.
 * @throws HealError of kind `usage` where there is none
 */
export function findProject(cwd: string, given: string | undefined): string {
  if (given !== undefined) {
    const folder = resolve(cwd, given);
    if (isFolder(folder)) return folder;
    throw new HealError('usage', `there is no folder ${folder}`, { hint: '--project names the folder of a project' });
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (marks.some((mark) => isFolder(join(folder, mark)))) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new HealError('usage', `no project here: neither ${cwd} nor a folder above it has inventory/ or tasks/`, {
    hint: 'change to a project, or name it with --project',
  });
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
