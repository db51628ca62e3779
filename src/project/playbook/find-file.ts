import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Place } from '../../core/place.ts';
import type { Role } from '../../core/playbook.ts';
import { usage } from '../yaml/problems.ts';
import { type Roots, shownPath } from '../yaml/source-file.ts';

/**
 * The local path of a template: in the role's templates/, the project's, then heal's own. Rejects with a usage
 * HealError at `at` if it does not exist, or the name points outside these directories.
 */
export function findTemplate(roots: Roots, role: Role | undefined, name: string, at?: Place): Promise<string> {
  return find('template', roots, role, name, at);
}

/** The local path of a file or directory to copy: the same, in files/. */
export function findFile(roots: Roots, role: Role | undefined, name: string, at?: Place): Promise<string> {
  return find('file', roots, role, name, at);
}

/**
 * The absolute local path of a file that a task writes. It stays in the project, links included: the name may contain host data.
 * Rejects with a usage HealError at `at` if it does not.
 */
export async function pathInProject({ project }: Roots, name: string, at?: Place): Promise<string> {
  const leads = `"${name}" points outside the project`;
  const path = resolve(project, name);
  const hint = 'name a path below the directory of the project, without ".."';
  if (name.includes('\0') || name.split(/[\\/]/).includes('..') || !isBelow(project, path))
    throw usage(leads, at, hint);
  const base = await realpath(project);
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const real = await realpath(directory).catch(() => undefined);
    if (real === undefined && directory !== dirname(directory)) continue;
    if (real !== base && (real === undefined || !isBelow(base, real))) {
      throw usage(leads, at, 'a link on the way leads elsewhere: put a directory in its place');
    }
    return path;
  }
}

function isBelow(directory: string, path: string): boolean {
  const inside = relative(directory, path);
  return inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

async function find(
  kind: 'template' | 'file',
  roots: Roots,
  role: Role | undefined,
  name: string,
  at: Place | undefined,
): Promise<string> {
  const leads = `the ${kind} "${name}" points outside its directory`;
  if (name === '' || name.includes('\0')) throw usage(`"${name}" names no ${kind}`, at, 'name a file');
  // Names on Windows may contain slashes as well, so both kinds of slashes may separate the parts.
  const parts = name.split(/[\\/]/);
  if (isAbsolute(name) || /^([A-Za-z]:|[\\/]|~)/.test(name) || parts.includes('..')) {
    throw usage(leads, at, `put it into ${kind}s/ of the role or the project, and name it from there`);
  }
  const directories = [...(role === undefined ? [] : [role.directory]), roots.project, roots.shipped].map((root) =>
    join(root, `${kind}s`),
  );
  for (const directory of directories) {
    const path = resolve(directory, ...parts);
    if (
      !(await stat(path).then(
        () => true,
        () => false,
      ))
    )
      continue;
    // A link inside the directory may still point outside.
    const inside = relative(await realpath(directory), await realpath(path));
    if (inside.startsWith('..') || isAbsolute(inside)) throw usage(leads, at, 'put a copy there instead of a link');
    return path;
  }
  const shown = [...new Set(directories.map((directory) => shownPath(directory, roots.project)))];
  throw usage(`there is no ${kind} "${name}"`, at, `heal searches ${shown.join(', ')}`);
}
