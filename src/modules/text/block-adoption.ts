import type { Line } from './text-lines.ts';

/** Whether, and how, existing text without markers counts as the block. */
export type Adoption = boolean | 'section';

/** The lines of an existing block without markers: `end` is after the last one. */
export function adoptable(
  adopt: Adoption,
  lines: readonly Line[],
  block: readonly string[],
): { readonly start: number; readonly end: number } | undefined {
  if (adopt === false || block.length === 0) return undefined;
  const same = sameLines(lines, block);
  return same ?? (adopt === 'section' ? section(lines, block[0] ?? '') : undefined);
}

function sameLines(lines: readonly Line[], block: readonly string[]): { start: number; end: number } | undefined {
  const start = lines.findIndex((_, i) => block.every((one, j) => lines[i + j] !== undefined && is(lines[i + j], one)));
  return start === -1 ? undefined : { start, end: start + block.length };
}

/** From its heading to the next heading of the same or a higher rank, without the empty lines before that. */
function section(lines: readonly Line[], heading: string): { start: number; end: number } | undefined {
  const fenced = insideFences(lines);
  const start = lines.findIndex((line, i) => !fenced[i] && is(line, heading));
  const own = headingOf(heading);
  if (start === -1 || own === undefined) return undefined;
  const next = lines.findIndex((line, i) => {
    const other = i <= start || fenced[i] ? undefined : headingOf(line.text);
    return other?.kind === own.kind && other.rank <= own.rank;
  });
  let end = next === -1 ? lines.length : next;
  while (end > start + 1 && lines[end - 1]?.text.trim() === '') end--;
  return { start, end };
}

/** Ignores trailing spaces, which editors often leave. */
function is(line: Line | undefined, text: string): boolean {
  return line?.text.trimEnd() === text.trimEnd();
}

/** Markdown's `## Title` has rank 2, `[section]` of an INI file 1; undefined if the line is not a heading. */
export function headingOf(line: string): { readonly kind: '#' | '['; readonly rank: number } | undefined {
  const hashes = /^ {0,3}(#{1,6})(?:\s|$)/.exec(line)?.[1];
  if (hashes !== undefined) return { kind: '#', rank: hashes.length };
  return /^\s*\[[^\]]+\]\s*$/.test(line) ? { kind: '[', rank: 1 } : undefined;
}

/** A `#` between fences is a comment of a program, not a heading. */
function insideFences(lines: readonly Line[]): readonly boolean[] {
  let fence: string | undefined;
  return lines.map(({ text }) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1];
    if (mark === undefined) return fence !== undefined;
    if (fence === undefined) fence = mark;
    else if (mark.startsWith(fence)) fence = undefined;
    return true;
  });
}
