import { HealError } from '../../core/errors.ts';

/** Path to a value inside others: keys, and 0-based indexes of entries. */
export type ValuePath = readonly (string | number)[];

/**
 * Reads `a.b[0]["x.y"]`: names separated by dots, numbers in brackets, and names that contain a dot or a bracket in
 * brackets and quotes.
 *
 * @throws HealError for anything else
 */
export function pathOf(text: string): ValuePath {
  const path: (string | number)[] = [];
  const part = /(?:^|\.)([^.[\]"']+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*"|'[^']*')\]/y;
  while (part.lastIndex < text.length) {
    const at = part.lastIndex;
    const match = part.exec(text);
    if (match === null) {
      throw new HealError('usage', `the path ${text} can't be read from its character ${at + 1} on`, {
        hint: 'write a.b[0], and names with dots as a["x.y"]',
      });
    }
    const [, name, index, quoted] = match;
    if (index !== undefined) path.push(Number(index));
    else path.push(name ?? unquoted(quoted ?? ''));
  }
  if (path.length === 0) throw new HealError('usage', 'a path is empty', { hint: 'write a.b[0]' });
  return path;
}

/** A path as `pathOf` reads it. */
export function pathText(path: ValuePath): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[^.[\]"']+$/.test(part)) return `[${JSON.stringify(part)}]`;
      return i === 0 ? part : `.${part}`;
    })
    .join('');
}

function unquoted(quoted: string): string {
  return quoted.startsWith("'") ? quoted.slice(1, -1) : quoted.slice(1, -1).replace(/\\(.)/g, '$1');
}
