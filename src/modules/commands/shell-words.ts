import { HealError } from '../../core/errors.ts';

/**
 * Splits a line into words as a shell would: spaces separate, quotes and backslashes group. Nothing is
 * expanded: `$HOME`, `*`, `|` and `;` are plain characters, as in Ansible's `command`.
 *
 * @throws HealError for a quote that is never closed
 */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (quote === "'") {
      if (char === "'") quote = '';
      else word += char;
    } else if (char === '\\' && i + 1 < line.length) {
      const next = line.charAt(++i);
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if (quote === '"') {
      if (char === '"') quote = '';
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new HealError('error', `a quote is never closed in: ${line}`);
  if (word !== undefined) words.push(word);
  return words;
}
