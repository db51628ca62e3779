const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
const none = /^\p{Mark}/u;

/** Cells that one character (a code point) needs on a terminal. Accurate enough for columns and carets. */
export function cellsOf(char: string): number {
  if (none.test(char)) return 0;
  return char.length > 1 || wide.test(char) ? 2 : 1;
}

/** The start of an uncoloured text that fits into this number of cells; shortened ones end in `...`. */
export function cut(text: string, cells: number): string {
  let used = 0;
  let kept = '';
  for (const char of text) {
    used += cellsOf(char);
    if (used > cells) return `${shorten(kept, Math.max(0, cells - 3))}${'...'.slice(0, Math.max(0, cells))}`;
    kept += char;
  }
  return text;
}

function shorten(text: string, cells: number): string {
  let used = 0;
  let kept = '';
  for (const char of text) {
    used += cellsOf(char);
    if (used > cells) break;
    kept += char;
  }
  return kept;
}
