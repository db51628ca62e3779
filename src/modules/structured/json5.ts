import JSON5 from 'json5';
import type { Json } from '../../core/json.ts';

/**
 * Parses a string as JSON5. The library always prints a console warning about line separators inside strings,
 * so they are escaped first; outside of strings they count as spaces.
 *
 * @throws SyntaxError with `lineNumber` and `columnNumber`, both from 1
 */
export function parseJson5(text: string): Json {
  if (!/[\u2028\u2029]/.test(text)) return JSON5.parse<Json>(text);
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n\r\u2028\u2029]*|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/g;
  return JSON5.parse<Json>(
    text.replace(tokens, (token) =>
      token.startsWith('/')
        ? token
        : token.replace(/\\[\s\S]|[\u2028\u2029]/g, (one) =>
            one === '\u2028' ? '\\u2028' : one === '\u2029' ? '\\u2029' : one,
          ),
    ),
  );
}
