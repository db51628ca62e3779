/**
 * What a Question reads and a Change touches, so that the engine knows which answers a Change invalidates.
 *
 * - `path:/a/b` only that path; `tree:/a` the path and everything below it; `files:/a` the path and its direct entries
 * - `unit:system/x.service`, `units:system` every unit of that manager
 * - `ports`, `processes`, `users`, `packages`, `docker`, ... a whole area
 * - `everything` overlaps with all
 */
export type Scope = 'everything' | `${string}`;

/** Whether two scopes have something in common. */
export function overlap(a: Scope, b: Scope): boolean {
  if (a === 'everything' || b === 'everything' || a === b) return true;
  const [kindA, nameA] = split(a);
  const [kindB, nameB] = split(b);
  if (kindA === 'tree' && (kindB === 'path' || kindB === 'tree') && within(nameB, nameA)) return true;
  if (kindB === 'tree' && (kindA === 'path' || kindA === 'tree') && within(nameA, nameB)) return true;
  if (kindA === 'files' && filesOverlap(nameA, kindB, nameB)) return true;
  if (kindB === 'files' && filesOverlap(nameB, kindA, nameA)) return true;
  if (kindA === 'units' && kindB === 'unit') return nameB.startsWith(`${nameA}/`);
  if (kindB === 'units' && kindA === 'unit') return nameA.startsWith(`${nameB}/`);
  return false;
}

/** Whether any of `touched` overlaps with any of `read`. */
export function overlaps(touched: readonly Scope[], read: readonly Scope[]): boolean {
  return touched.some((one) => read.some((other) => overlap(one, other)));
}

function split(scope: Scope): [kind: string, name: string] {
  const colon = scope.indexOf(':');
  return colon < 0 ? [scope, ''] : [scope.slice(0, colon), scope.slice(colon + 1)];
}

/** A change to a whole tree affects a directory's files if the tree contains them, or if the tree's root is one of them. */
function filesOverlap(directory: string, kind: string, path: string): boolean {
  if (kind !== 'path' && kind !== 'tree' && kind !== 'files') return false;
  const inside = path === directory || path.slice(0, Math.max(1, path.lastIndexOf('/'))) === directory;
  return kind === 'files' ? path === directory : inside || (kind === 'tree' && within(directory, path));
}

function within(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
