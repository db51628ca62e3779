import { HealError } from '../../core/errors.ts';

type Piece = string | { readonly group: number | string };

/** Replacement for a match, with Python's escapes: `\1`, `\g<2>`, `\g<name>`, `\n`, `\\`. A `$` is a dollar. */
export interface Substitution {
  readonly pieces: readonly Piece[];
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\',
}; // biome-ignore format: a table

/**
 * Reads the replacement for the matches of an expression.
 *
 * @throws HealError for an escape that Python does not know either, or a group that does not exist
 */
export function substitutionFor(regexp: RegExp, text: string): Substitution {
  // With an empty alternative it matches anything, and the match contains all groups.
  const any = new RegExp(`${regexp.source}|`, regexp.flags).exec('');
  const groups = (any?.length ?? 1) - 1;
  const names = Object.keys(any?.groups ?? {});
  const pieces: Piece[] = [];
  for (const [whole, reference, named, escaped] of text.matchAll(/\\([1-9]\d?)|\\g<([^>]*)>|\\([\s\S]?)|[^\\]+/g)) {
    const group = reference ?? named;
    if (group !== undefined) {
      const known = /^\d+$/.test(group) ? Number(group) <= groups : names.includes(group);
      if (!known) throw refused(text, `there is no group ${group}`, `the regular expression has ${groups}`);
      pieces.push({ group: /^\d+$/.test(group) ? Number(group) : group });
    } else if (escaped === undefined) pieces.push(whole);
    else if (Object.hasOwn(escapes, escaped)) pieces.push(escapes[escaped] ?? '');
    else if (escaped === '0') throw refused(text, '\\0 is not a group', '\\g<0> is all that matched');
    else if (/[A-Za-z0-9]|^$/.test(escaped))
      throw refused(text, `\\${escaped} is not known`, 'a backslash itself is written \\\\');
    else pieces.push(whole);
  }
  return { pieces };
}

/** The text that replaces one match. A group that did not participate is empty. */
export function substituted({ pieces }: Substitution, match: RegExpExecArray): string {
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece;
      return (typeof piece.group === 'number' ? match[piece.group] : match.groups?.[piece.group]) ?? '';
    })
    .join('');
}

function refused(text: string, why: string, hint: string): HealError {
  return new HealError('usage', `the replacement ${text} can't be used: ${why}`, { hint });
}
