/** A piece of a string that another takes the place of. Offsets are those of the text before any edit. */
export interface TextEdit {
  readonly start: number;
  /** Behind the last character that goes; `start` where something is only put in. */
  readonly end: number;
  readonly text: string;
}

/** A string with edits made in it that do not overlap. Those at the same place are put in the order given. */
export function withEdits(text: string, edits: readonly TextEdit[]): string {
  const inOrder = edits.map((edit, i) => ({ edit, i })).sort((a, b) => a.edit.start - b.edit.start || a.i - b.i);
  let made = '';
  let done = 0;
  for (const { edit } of inOrder) {
    made += text.slice(done, Math.max(done, edit.start)) + edit.text;
    done = Math.max(done, edit.end);
  }
  return made + text.slice(done);
}

/** Where a line begins that an offset is on. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The blanks before an offset, if there is nothing else before it on its line. */
export function indentBefore(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The blanks that the line of an offset begins with. */
export function indentOfLine(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';
}

/** Where an offset is, as people count, with the line itself: `3:5`. */
export function placeOf(text: string, offset: number): { readonly at: string; readonly line: string } {
  const start = lineStart(text, offset);
  const line = text.slice(0, start).split('\n').length;
  const end = text.indexOf('\n', start);
  return { at: `${line}:${offset - start + 1}`, line: text.slice(start, end === -1 ? undefined : end).trim() };
}
