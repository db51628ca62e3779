import { posix } from 'node:path';

/** A path of a host without `.`, `..`, repeated slashes and a final slash: the name under which facts about it are stored. */
export function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(.)\/+$/, '$1');
}
