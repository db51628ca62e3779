/**
 * Whether some shell text ends inside quotes. A value inserted there would not be one word: its own quotes would
 * become text, and the shell would interpret its content. So the `sh` template calls this before each value.
 *
 * It supports what our programs use: quotes, backslashes, comments, `$(...)`, `${...}`, subshells. A `case`
 * pattern closes a parenthesis that was never opened; here-documents are not parsed (pass contents with `printf`).
 */
export function insideQuotes(text: string): 'single' | 'double' | undefined {
  // Open quotes and brackets, innermost last: `"` and `'` for quotes, `(` also for `$(`, `{` for `${`.
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
