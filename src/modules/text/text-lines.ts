/** A line of a string and its line end: `\n`, `\r\n`, or nothing if the text ends without one. */
export interface Line {
  readonly text: string;
  readonly end: string;
}

/** The lines of a string; none for an empty one. A lone carriage return is part of its line. */
export function linesOf(text: string): Line[] {
  const parts = text.split(/(\r?\n)/);
  const lines: Line[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const line = { text: parts[i] ?? '', end: parts[i + 1] ?? '' };
    if (line.text !== '' || line.end !== '') lines.push(line);
  }
  return lines;
}

/** The most frequent line end of a string: new lines get it. */
export function lineEnd(text: string): '\n' | '\r\n' {
  const all = text.split('\n').length - 1;
  const windows = text.split('\r\n').length - 1;
  return windows > 0 && windows * 2 >= all ? '\r\n' : '\n';
}

/**
 * The text of lines that were `before` and of which some may be new (their `end` is then nothing). New lines get the line
 * end of the others, and the last one has a line end only if it had one before; a string that was empty gets one.
 */
export function textOfLines(lines: readonly Line[], before: string): string {
  const end = lineEnd(before);
  const ended = before === '' || before.endsWith('\n');
  return lines.map((line, i) => line.text + (i < lines.length - 1 || ended ? line.end || end : '')).join('');
}

/** New lines of a string in a task: one newline at its end comes from a YAML block, and is not an empty line. */
export function newLines(text: string): Line[] {
  return linesOf(text.endsWith('\n') ? text : `${text}\n`).map((line) => ({ text: line.text, end: '' }));
}
