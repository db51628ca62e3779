/**
 * The offset of the character at `index` of a scalar's value in its source string, so that a caret points at the exact
 * expression inside quotes, after escapes and in folded blocks. Offsets are relative to the scalar's start.
 */
export function offsetOf(source: string, value: string, index: number): number {
  const style = source[0];
  if (style === '"' || style === "'") return quoted(source, value, index);
  if (style === '|' || style === '>') return aligned(source, value, index, source.indexOf('\n') + 1);
  return aligned(source, value, index, 0);
}

function quoted(source: string, value: string, index: number): number {
  let at = 1;
  let done = 0;
  while (done < index && at < source.length) {
    // A backslash before a line end joins the lines and adds no character.
    if (source.startsWith('\\\n', at) && source[0] === '"') {
      at = skipSpace(source, at + 2);
    } else if (foldsAt(source, at)) {
      at = skipSpace(source, at);
      while (/\s/.test(value[done] ?? '')) done += 1;
    } else {
      at += escapeLength(source, at);
      done += 1;
    }
  }
  return Math.min(at, source.length);
}

/** Plain and block scalars: the characters are the same except for spaces at line ends and starts. */
function aligned(source: string, value: string, index: number, start: number): number {
  let at = start;
  for (let done = 0; done <= index && at < source.length; ) {
    const wanted = value[done];
    const found = source[at];
    if (found === wanted) {
      if (done === index) return settle(source, at, value, index);
      at += 1;
      done += 1;
    } else if (found === '\n' && wanted === ' ') {
      if (done === index) return at;
      at = skipSpace(source, at);
      done += 1;
    } else if (/\s/.test(found ?? '')) at += 1;
    else done += 1;
  }
  return Math.min(at, source.length);
}

/** The indentation of a block's line may equal part of its text: prefer the position where the rest of the line matches. */
function settle(source: string, at: number, value: string, index: number): number {
  const end = value.indexOf('\n', index);
  const rest = value.slice(index, end < 0 ? undefined : end);
  const line = source.indexOf('\n', at);
  const exact = source.slice(at, line < 0 ? undefined : line).indexOf(rest);
  return exact > 0 ? at + exact : at;
}

function foldsAt(source: string, at: number): boolean {
  return /\s/.test(source[at] ?? '') && /^[ \t]*\n/.test(source.slice(at));
}

function skipSpace(source: string, at: number): number {
  let next = at;
  while (/\s/.test(source[next] ?? '')) next += 1;
  return next;
}

function escapeLength(source: string, at: number): number {
  if (source[0] === "'") return source.startsWith("''", at) ? 2 : 1;
  if (source[at] !== '\\') return 1;
  const kind = source[at + 1];
  return kind === 'x' ? 4 : kind === 'u' ? 6 : kind === 'U' ? 10 : 2;
}
