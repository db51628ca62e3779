import { structuredPatch } from 'diff';
import type { Diff } from '../core/change.ts';
import type { Clean } from './clean.ts';
import { count } from './duration.ts';
import type { Paint, Tone } from './paint.ts';

/** The style of diffs. */
export interface DiffStyle {
  readonly clean: Clean;
  readonly paint: Paint;
  /** Lines after which it is cut; default 200. */
  readonly most?: number;
}

const context = 3;
/** Beyond this many edits a diff takes seconds to compute, and is too long to read. */
const maxEditLength = 1500;
const longest = 400;

/** A unified diff in lines; empty if both sides are the same. `title` is the heading of sides without a name. */
export function diffLines(diff: Diff, title: string, { clean, paint, most = 200 }: DiffStyle): string[] {
  if (diff.secret === true) return [paint('dim', '(not shown: it contains a secret)')];
  if (diff.before === diff.after) return [];
  // Masked as a whole, so that a secret of several lines is recognized.
  const before = clean.text(visible(diff.before));
  const after = clean.text(visible(diff.after));
  if (before === after) return [paint('dim', '(what differs is not shown: secrets or control characters)')];
  const names = [diff.beforeName, diff.afterName].map((name) => clean.line(name ?? title));
  const patch = structuredPatch(names[0] ?? '', names[1] ?? '', before, after, undefined, undefined, {
    context,
    maxEditLength,
  });
  if (patch === undefined) {
    return [paint('dim', `(too different to show: ${lineCount(before)} before, ${lineCount(after)} after)`)];
  }
  const body = patch.hunks.flatMap((hunk) => [
    paint('hunk', `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`),
    ...hunk.lines.map((line) => paintLine(line, paint)),
  ]);
  const lines = [paint('removed', `--- ${names[0]}`), paint('added', `+++ ${names[1]}`), ...body.slice(0, most)];
  if (body.length > most) lines.push(paint('dim', `... ${count(body.length - most, 'more line')}`));
  return lines;
}

/** Line ends of Windows differ from those of POSIX, and a diff that shows two equal lines is useless. */
function visible(text: string): string {
  return text.replace(/\r(?=\n|$)/g, '^M');
}

function paintLine(line: string, paint: Paint): string {
  const shown = line.length > longest ? `${line.slice(0, longest)}...` : line;
  const tone: Tone | undefined = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : undefined;
  return tone === undefined ? shown : paint(tone, shown);
}

/** As `diff -u` writes it: a length of one is left out, an empty side starts one line earlier. */
function range(start: number, length: number): string {
  if (length === 1) return String(start);
  return `${length === 0 ? start - 1 : start},${length}`;
}

function lineCount(text: string): string {
  return text === '' ? 'nothing' : count(text.replace(/\n$/, '').split('\n').length, 'line');
}
