import { HealError } from '../../core/errors.ts';
import type { Misuse } from '../../core/playbook.ts';

/**
 * A regular expression as users of Ansible write it. It is JavaScript's, in Unicode mode; different Python syntax
 * is translated (`(?P<name>`, `\A`, `\Z`, `(?i)` at the start, a lone brace), and features missing in JavaScript are refused.
 *
 * @throws HealError that quotes the expression and explains the error
 */
export function pythonRegexp(source: string, flags: '' | 'm' | 's' | 'ms' = ''): RegExp {
  const inline = /^\(\?([a-zA-Z]+)\)/.exec(source);
  const all = new Set(['u', 'd', 'g', ...flags]);
  for (const flag of inline?.[1] ?? '') {
    if ('ims'.includes(flag)) all.add(flag);
    else if (!'au'.includes(flag)) throw refused(source, `the flag ${flag} is not known here`, 'i, m and s are');
  }
  const text = translate(source, inline?.[0].length ?? 0);
  try {
    return new RegExp(text, [...all].join(''));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split(': ').at(-1) ?? '') : '';
    throw refused(source, why.charAt(0).toLowerCase() + why.slice(1));
  }
}

/** The first of these arguments that is not a regular expression, as a module's `misuse` reports it. */
export function wrongRegexp(args: Readonly<Record<string, string | undefined>>): Misuse | undefined {
  for (const [argument, source] of Object.entries(args)) {
    try {
      if (source !== undefined) pythonRegexp(source);
    } catch (error) {
      if (!(error instanceof HealError)) throw error;
      return { argument, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    }
  }
  return undefined;
}

const startOfText = '(?<![\\s\\S])';
const endOfText = '(?![\\s\\S])';

function translate(source: string, from: number): string {
  let out = '';
  let quantified = false;
  for (let i = from; i < source.length; ) {
    const rest = source.slice(i);
    const [taken, made]: [number, string] = rest.startsWith('[')
      ? characterClass(source, rest)
      : token(source, rest, quantified);
    quantified = /^(?:[*+?]|\{\d+(?:,\d*)?\})$/.test(made) && !(quantified && made === '?');
    out += made;
    i += taken;
  }
  return out;
}

/** The part outside of `[]`: its number of characters, and its JavaScript form. */
function token(source: string, rest: string, quantified: boolean): [taken: number, made: string] {
  const first = rest.charAt(0);
  if (first === '\\') return escaped(source, rest, false);
  if (first === '+' && quantified) {
    throw refused(source, 'possessive quantifiers are not known here', 'JavaScript has no a++, a*+ or a?+');
  }
  if (first === '{') {
    const [all, least = '', most] = /^\{(\d*)(?:,(\d*))?\}/.exec(rest) ?? [];
    if (all === undefined || (least === '' && (most ?? '') === '')) return [1, '\\{'];
    return [all.length, least === '' ? `{0,${most}}` : all];
  }
  if (first === '}' || first === ']') return [1, `\\${first}`];
  if (!rest.startsWith('(?')) return [1, first];
  const comment = /^\(\?#[^)]*\)/.exec(rest);
  if (comment !== null) return [comment[0].length, ''];
  const named = /^\(\?P<(\w+)>/.exec(rest);
  if (named !== null) return [named[0].length, `(?<${named[1]}>`];
  const reference = /^\(\?P=(\w+)\)/.exec(rest);
  if (reference !== null) return [reference[0].length, `\\k<${reference[1]}>`];
  if (/^\(\?(?:[:=!]|<[=!]|<\w+>)/.test(rest)) return [2, '(?'];
  const what = rest.startsWith('(?>')
    ? 'atomic groups (?>...)'
    : rest.startsWith('(?(')
      ? 'conditions (?(1)...)'
      : /^\(\?[a-z-]+\)/i.test(rest)
        ? 'flags that are not at the start'
        : /^\(\?[a-z-]+:/i.test(rest)
          ? 'flags for a part'
          : `${rest.slice(0, 4)}...`;
  throw refused(source, `${what} are not known here`, "regular expressions are JavaScript's");
}

function characterClass(source: string, rest: string): [taken: number, made: string] {
  const start = rest.startsWith('[^') ? '[^' : '[';
  let made = start;
  let at = start.length;
  // In Python, a bracket in the first position is literal; in JavaScript it ends the class.
  if (rest.charAt(at) === ']') {
    made += '\\]';
    at++;
  }
  while (at < rest.length && rest.charAt(at) !== ']') {
    const posix = /^\[:\w+:\]/.exec(rest.slice(at));
    if (posix !== null) throw refused(source, `${posix[0]} is not known here`, 'write \\s, \\d, \\w or A-Za-z');
    const [taken, one] =
      rest.charAt(at) === '\\' ? escaped(source, rest.slice(at), true) : ([1, rest.charAt(at)] as const);
    made += one;
    at += taken;
  }
  if (at >= rest.length) throw refused(source, 'a [ is never closed');
  return [at + 1, `${made}]`];
}

function escaped(source: string, rest: string, inClass: boolean): [taken: number, made: string] {
  const next = String.fromCodePoint(rest.codePointAt(1) ?? 0);
  if (rest.length === 1) throw refused(source, 'it ends in a backslash');
  if (next === 'A' && !inClass) return [2, startOfText];
  if ((next === 'Z' || next === 'z') && !inClass) return [2, endOfText];
  if (next === 'a') return [2, '\\x07'];
  const wide = /^\\U([0-9a-fA-F]{8})/.exec(rest);
  if (wide !== null) return [10, `\\u{${wide[1]}}`];
  const octal = /^\\0[0-7]{1,2}/.exec(rest);
  if (octal !== null) return [octal[0].length, `\\u{${Number.parseInt(octal[0].slice(1), 8).toString(16)}}`];
  if (/[A-Za-z]/.test(next) && !(inClass ? 'dDwWsSbtnrvfxucpP' : 'dDwWsSbBtnrvfxucpPk').includes(next)) {
    throw refused(source, `\\${next} is not known here`);
  }
  if (/[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(next)) return [2, `\\${next}`];
  return [1 + next.length, next === '-' && inClass ? '\\-' : next];
}

function refused(source: string, why: string, hint = "regular expressions are JavaScript's"): HealError {
  return new HealError('usage', `the regular expression ${source} can't be used: ${why}`, { hint });
}
