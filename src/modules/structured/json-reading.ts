import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { HealError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { placeOf } from '../text/text-edit.ts';
import { parseJson5 } from './json5.ts';

/** The JSON dialect of a file; `auto` accepts all of them. */
export type JsonFormat = 'auto' | 'json' | 'jsonc' | 'json5';

/**
 * Parses a string as JSON of this format.
 *
 * @throws HealError that shows the position of the syntax error, and quotes the line
 */
export function readJson(text: string, format: JsonFormat): Json {
  if (format === 'auto' || format === 'json') {
    try {
      const value: Json = JSON.parse(text);
      return value;
    } catch {
      if (format === 'json') throw strictError(text);
    }
  }
  if (format === 'jsonc') {
    const errors: ParseError[] = [];
    // Its value is not used: it loses a key that is called __proto__.
    parse(text, errors, { allowTrailingComma: true });
    const [first] = errors;
    if (first !== undefined) {
      const { at, line } = placeOf(text, first.offset);
      throw notRead(at, line, 'JSON with comments', words(first));
    }
  }
  try {
    return parseJson5(text);
  } catch (error) {
    const { lineNumber = 1, columnNumber = 1, message = '' }: JSON5Error = Object(error);
    const lines = text.split(/\r\n|[\n\r\u2028\u2029]/);
    // A wrong line end is reported before the first column of the next line.
    const number = columnNumber === 0 ? lineNumber - 1 : lineNumber;
    const line = lines[number - 1] ?? '';
    const at = `${number}:${columnNumber === 0 ? line.length + 1 : columnNumber}`;
    const why = message.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '');
    throw notRead(at, line.trim(), format === 'json5' ? 'JSON5' : 'JSON', why);
  }
}

interface JSON5Error {
  readonly lineNumber?: number;
  readonly columnNumber?: number;
  readonly message?: string;
}

function strictError(text: string): HealError {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  const { at, line } = placeOf(text, first?.offset ?? 0);
  return notRead(at, line, 'JSON', first === undefined ? 'it does not parse' : words(first));
}

function notRead(at: string, line: string, what: string, why: string): HealError {
  return new HealError('failed', `${at} is not ${what}, ${why}: ${line}`, {
    hint: 'fix the file manually; heal did not change it',
  });
}

/** `PropertyNameExpected` as "property name expected". */
function words({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
}
