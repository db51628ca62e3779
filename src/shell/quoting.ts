/**
 * Whether the end of some shell text lies inside quotes. A value put there would not be one word: its own quotes would
 * become text and what is in it would be read by the shell. So the `sh` template asks this before each value.
 *
 * It knows what programs of ours are made of: quotes, backslashes, comments, `$(...)`, `${...}`, subshells. A `case`
 * pattern closes a parenthesis that was never opened; here-documents are not followed (give contents by `printf`).
 */
export function insideQuotes(text: string): 'single' | 'double' | undefined {
  // What is open, innermost last: `"` and `'` quotes, `(` also stands for `$(`, `{` for `${`.
  const open: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const top = open.at(-1);
    const char = text.charAt(i);
    if (top === "'") {
      if (char === "'") open.pop();
    } else if (char === '\\') i++;
    else if (char === '"') {
      if (top === '"') open.pop();
      else open.push('"');
    } else if (char === '$' && (text[i + 1] === '(' || text[i + 1] === '{')) open.push(text.charAt(++i));
    else if (top === '{' && char === '}') open.pop();
    else if (top === '"') continue;
    else if (char === "'") open.push("'");
    else if (char === '(') open.push('(');
    else if (char === ')' && top === '(') open.pop();
    else if (char === '#' && top !== '{' && /[\s;&|()]/.test(text[i - 1] ?? '\n')) {
      const end = text.indexOf('\n', i);
      if (end === -1) return undefined;
      i = end;
    }
  }
  const top = open.at(-1);
  if (top === '{') return open.includes('"') ? 'double' : undefined;
  return top === '"' ? 'double' : top === "'" ? 'single' : undefined;
}
