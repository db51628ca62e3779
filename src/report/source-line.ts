import type { Place } from '../core/place.ts';
import { cellsOf } from './cells.ts';
import type { Clean } from './clean.ts';

const widest = 120;

/** `tasks/site.yml:3:5`, which editors and terminals open on a click. */
export function placeText(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/**
 * The position of an error: the place, and, if its line is known, the line itself with a caret under the column.
 *
 * ```
 *   --> tasks/site.yml:3:5
 *    |
 *  3 |     tmplate: x
 *    |     ^
 * ```
 */
export function placeLines(place: Place, clean: Clean): string[] {
  const gutter = ' '.repeat(String(place.line).length);
  const arrow = ` ${gutter}--> ${clean.line(placeText(place))}`;
  if (place.text === undefined || place.text.trim() === '') return [arrow];
  // Cleaned before it is cut; otherwise the rest of a cut secret would be shown.
  const line = clean
    .text(place.text.replace(/[\r\n]+$/, ''))
    .split('\n')
    .join(' ');
  const { text, column } = window(line, clean.text(place.text.slice(0, Math.max(0, place.column - 1))).length);
  // A tab stays a tab below, whatever its width on this screen; a wide letter needs two cells.
  const indent = [...text.slice(0, column)].map((char) => (char === '\t' ? '\t' : ' '.repeat(cellsOf(char)))).join('');
  return [arrow, ` ${gutter} |`, ` ${place.line} | ${text}`, ` ${gutter} | ${indent}^`];
}

/** The part of a very long line around the column. */
function window(text: string, column: number): { text: string; column: number } {
  if (text.length <= widest) return { text, column: Math.min(column, text.length) };
  const start = Math.max(0, Math.min(column - widest / 2, text.length - widest));
  const end = start + widest;
  const head = start > 0 ? '...' : '';
  const tail = end < text.length ? '...' : '';
  return {
    text: `${head}${text.slice(start, end)}${tail}`,
    column: Math.min(column, text.length) - start + head.length,
  };
}
