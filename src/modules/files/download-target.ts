import { posix } from 'node:path';
import type { Entry } from '../../probes/entry.ts';
import { cleanPath } from './clean-path.ts';

/** The path of a downloaded file: `dest`, or inside `dest` if that is a directory, with the last name in the URL. */
export function targetOf(args: { readonly url: string; readonly dest: string }, dest: Entry | undefined): string {
  if (dest?.type !== 'directory') return cleanPath(args.dest);
  return posix.join(cleanPath(args.dest), nameIn(args.url));
}

function nameIn(url: string): string {
  const name = posix.basename(new URL(url).pathname);
  try {
    // An encoded slash or dot would point to another directory.
    const decoded = decodeURIComponent(name);
    return /[/\0]/.test(decoded) || ['', '.', '..'].includes(decoded) ? 'index.html' : decoded;
  } catch {
    return name === '' ? 'index.html' : name;
  }
}
