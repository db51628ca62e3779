import SSHConfig from 'ssh-config';
import { HealError } from '../../core/errors.ts';
import type { Place } from '../../core/place.ts';

/** One line of an ssh_config file: a keyword and its arguments. */
export interface Directive {
  /** In lower case: keywords are case-insensitive (ssh_config(5)). */
  readonly keyword: string;
  /** As written in the file, for messages. */
  readonly written: string;
  readonly words: readonly string[];
  /** The arguments as written, without the spaces around them. */
  readonly rest: string;
  /** Position of the arguments, or of the keyword if there are none. */
  readonly at: Place;
}

/** An error in a user's ssh_config file. */
export function configError(message: string, at: Place, hint: string, cause?: unknown): HealError {
  return new HealError('usage', message, { at, hint, ...(cause === undefined ? {} : { cause }) });
}

/**
 * Reads one line; undefined for an empty line or a comment. `ssh-config` finds the keyword and the start of its
 * arguments. The arguments are split here: it does not know single quotes, drops everything after any `#`, and loses quoted
 * spaces. It gets one line at a time because it has no line numbers and uses the next line for a missing value.
 *
 * @throws HealError of kind `usage` for a quote that is not closed
 */
export function parseLine(text: string, file: string, line: number): Directive | undefined {
  const column = text.search(/\S/) + 1;
  if (column === 0 || text[column - 1] === '#') return undefined;
  const at = { file, line, column, text };
  const trimmed = text.trim();
  const node = parsed(trimmed, at);
  if (node === undefined) return undefined;
  const written = trimmed.slice(0, node.param.length);
  const begin = written.length + node.separator.length;
  const rest = trimmed.slice(begin);
  const keyword = written.toLowerCase();
  // A command belongs to the shell, with its quotes (ssh_config(5), ProxyCommand).
  const words = keyword === 'proxycommand' ? rest.split(/\s+/).filter((word) => word !== '') : splitWords(rest);
  if (words === undefined) throw unclosed(at);
  const place = words.length === 0 ? at : { ...at, column: column + begin };
  return { keyword, written, words, rest, at: place };
}

function parsed(line: string, at: Place): { readonly param: string; readonly separator: string } | undefined {
  // A keyword without arguments: the library fails in several ways.
  if (!/[\s=]/.test(line)) return { param: line, separator: '' };
  try {
    // It would check the criteria of a Match line, but does not know all of them.
    const [node] = SSHConfig.parse(line.replace(/^match\b/i, 'other'));
    return node !== undefined && 'param' in node ? node : undefined;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Unexpected line break')) throw unclosed(at, error);
    throw configError('an argument is missing', at, 'see ssh_config(5), or put # before the line', error);
  }
}

function unclosed(at: Place, cause?: unknown): HealError {
  return configError('a quote or an escape is not closed', at, 'close it, or put # before the line', cause);
}

/**
 * Splits arguments as OpenSSH does (`argv_split` in its misc.c): both kinds of quotes, a backslash before a quote, a
 * backslash or a space, and a comment if a word begins with `#`. Undefined if a quote is not closed.
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let i = 0;
  while (i < text.length) {
    const first = text[i];
    if (first === ' ' || first === '\t') {
      i++;
      continue;
    }
    if (first === '#') break;
    let word = '';
    let quote = '';
    for (; i < text.length; i++) {
      const char = text[i] ?? '';
      const next = text[i + 1] ?? '';
      if (char === '\\' && next !== '' && (`'"\\`.includes(next) || (quote === '' && next === ' '))) word += text[++i];
      else if (quote === '' && (char === ' ' || char === '\t')) break;
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === quote) quote = '';
      else word += char;
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
  return words;
}
