/**
 * The only way to create shell text. Lives in src/shell, which may import only core: templates that quote their
 * values, the framing of a program's answers, and the persistent shell that runs programs on a host.
 */
import { HealError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Sh } from '../core/sh.ts';
import { quote } from './quote.ts';
import { insideQuotes } from './quoting.ts';

/** Allowed values in `${}` of an `sh` template. */
export type ShValue = string | number | Secret | Sh | readonly ShValue[];

/** Allowed separators between joined pieces. */
export type ShSeparator = '' | ' ' | '\n' | '; ' | ' && ' | ' || ' | ' | ';

const prepared = new WeakMap<TemplateStringsArray, readonly string[]>();

/**
 * Shell text from a template. A string or number becomes one quoted word, an `Sh` is inserted unchanged, an array becomes its
 * elements separated by spaces (an empty one: nothing), a Secret a quoted word that is `***` in `shown`.
 *
 * The template is used raw, so that `'%s\n'` and `\1` reach the shell as written; only `` \` `` and `\${` lose their
 * backslash. An empty first line and the indentation that all lines share are removed; values are not changed.
 *
 * A Secret is safe in `printf %s ${secret} | command`: printf is a builtin of every sh, so `ps` does not show it.
 *
 * @throws HealError if a value is inside quotes, contains a NUL, or is a number but not a safe integer.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShValue[]): Sh {
  let literals = prepared.get(strings);
  if (literals === undefined) {
    literals = prepare(strings.raw);
    prepared.set(strings, literals);
  }
  let text = literals[0] ?? '';
  let shown = text;
  for (const [i, value] of values.entries()) {
    const literal = literals[i + 1] ?? '';
    const word = toSh(value);
    text += word.text + literal;
    shown += word.shown + literal;
  }
  return { kind: 'sh', text, shown };
}

/** The pieces with `separator` between them. */
export function joinSh(parts: readonly Sh[], separator: ShSeparator): Sh {
  return {
    kind: 'sh',
    text: parts.map((part) => part.text).join(separator),
    shown: parts.map((part) => part.shown).join(separator),
  };
}

/**
 * A constant program text of ours, used verbatim. The type accepts only literals; a cast that passes anything
 * else creates a shell injection.
 */
export function unquotedLiteralScript<const Text extends string>(text: string extends Text ? never : Text): Sh {
  return { kind: 'sh', text, shown: text };
}

function toSh(value: ShValue): Sh {
  if (typeof value === 'string') return plain(quote(value));
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new HealError('error', `${value} is not a number that a shell knows`);
    return plain(quote(String(value)));
  }
  if (value instanceof Secret) return { kind: 'sh', text: quote(value.reveal()), shown: "'***'" };
  if ('kind' in value) return value;
  return joinSh(value.map(toSh), ' ');
}

function plain(text: string): Sh {
  return { kind: 'sh', text, shown: text };
}

function prepare(raw: readonly string[]): readonly string[] {
  const literals = dedent(raw.map((literal) => literal.replace(/\\(`|\$\{)/g, '$1')));
  // Each value is a whole word, or a complete Sh: neither opens nor closes a quote.
  for (let i = 1; i < literals.length; i++) {
    const where = insideQuotes(literals.slice(0, i).join('0'));
    if (where === undefined) continue;
    throw new HealError('error', `a value is inside ${where} quotes in the shell template ${literals.join('${}')}`, {
      hint: 'end the quotes before it: values are quoted by the template',
    });
  }
  return literals;
}

/** Removes the indentation shared by the template's own lines, an empty first line, and the last line's indentation. */
function dedent(literals: readonly string[]): readonly string[] {
  if (!literals[0]?.startsWith('\n')) return literals;
  const last = literals.length - 1;
  const indents = literals.flatMap((literal, i) =>
    literal
      .split('\n')
      .slice(1)
      // A line with only spaces counts if a value follows on it.
      .filter((line, j, lines) => line.trim() !== '' || (j === lines.length - 1 && i < last))
      .map((line) => line.length - line.trimStart().length),
  );
  const indent = ' '.repeat(Math.min(...indents, 1000));
  return literals.map((literal, i) => {
    const cut = literal.replaceAll(`\n${indent}`, '\n');
    const ended = i === last ? cut.replace(/\n[ \t]*$/, '\n') : cut;
    return i === 0 ? ended.slice(1) : ended;
  });
}
