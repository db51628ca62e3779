/** A replacement of a part of a string. Offsets refer to the text before any edit. */
export interface TextEdit {
  readonly start: number;
  /** After the last removed character; `start` for a pure insertion. */
  readonly end: number;
  readonly text: string;
}

/** A string with edits that do not overlap. Those at the same place are inserted in the given order. */
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

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The spaces before an offset, if its line contains nothing else before it. */
export function indentBefore(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The spaces at the start of the line of an offset. */
export function indentOfLine(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';
}

/** Line and column of an offset, both counted from 1, and the line itself: `3:5`. */
export function placeOf(text: string, offset: number): { readonly at: string; readonly line: string } {
  const start = lineStart(text, offset);
  const line = text.slice(0, start).split('\n').length;
  const end = text.indexOf('\n', start);
  return { at: `${line}:${offset - start + 1}`, line: text.slice(start, end === -1 ? undefined : end).trim() };
}
