import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { withLock } from './lock.ts';
import { cacheDirectory } from './places.ts';

/** A directory that is built once per machine and only read afterwards.
 *
 * @param name tells the content, a digest of what it is made from included: another content is another directory
 * @param build fills the directory it is given; it becomes visible under its name when it is finished, and not before
 */
export async function cached(name: string, build: (directory: string) => Promise<void>): Promise<string> {
  const target = join(cacheDirectory, name);
  if (existsSync(target)) return target;
  mkdirSync(cacheDirectory, { recursive: true });
  await withLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const building = `${target}.building`;
    await run('rm', ['-rf', building]);
    await build(building);
    renameSync(building, target);
  });
  return target;
}

/** Whether something is being built or nothing was built yet: then a lab's start may take minutes. */
export function isCacheUnfinished(): boolean {
  const names = existsSync(cacheDirectory) ? readdirSync(cacheDirectory) : [];
  return names.length === 0 || names.some((name) => name.endsWith('.building'));
}
