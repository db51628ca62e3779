import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { HealError } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';

/** A file of the project that contains text, with LF line ends, whose offsets can be turned into Places. */
export interface SourceFile {
  /** Absolute local path. */
  readonly path: string;
  /** As shown to the user. */
  readonly shown: string;
  readonly text: string;
  /** The Place of a character, by its 0-based offset in `text`. */
  readonly place: (offset: number) => Place;
}

/** The roots of content: the user's project, and heal's own content. Absolute local directories. */
export interface Roots {
  readonly project: string;
  readonly shipped: string;
}

/** A path for display: relative to the project, with slashes, if it is inside. */
export function shownPath(path: string, project: string): string {
  const inside = relative(project, path);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return path;
  return inside.split(sep).join('/');
}

/** A SourceFile of a given string. A byte order mark and CRs of a Windows checkout are dropped. */
export function sourceFile(path: string, shown: string, raw: string): SourceFile {
  const text = raw.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  let starts: number[] | undefined;
  const place = (offset: number): Place => {
    starts ??= lineStarts(text);
    const line = lineOf(starts, offset);
    const start = starts[line] ?? 0;
    const end = text.indexOf('\n', start);
    return {
      file: shown,
      line: line + 1,
      column: Math.max(0, offset - start) + 1,
      text: text.slice(start, end < 0 ? undefined : end),
    };
  };
  return { path, shown, text, place };
}

/** Reads a file. Rejects with a usage error that names the file if that fails. */
export async function readSource(path: string, project: string): Promise<SourceFile> {
  const found = await readSourceIfThere(path, project);
  if (found !== undefined) return found;
  throw new HealError('usage', `there is no file ${shownPath(path, project)}`, { hint: 'check the path' });
}

/** Reads a file; undefined if it does not exist. */
export async function readSourceIfThere(path: string, project: string): Promise<SourceFile | undefined> {
  const shown = shownPath(path, project);
  try {
    return sourceFile(path, shown, await readFile(path, 'utf8'));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const why =
      code === 'EISDIR' ? 'it is a directory' : code === 'EACCES' ? 'permission denied' : String(code ?? cause);
    throw new HealError('usage', `can't read ${shown}: ${why}`, { hint: 'check the path and its permissions', cause });
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
