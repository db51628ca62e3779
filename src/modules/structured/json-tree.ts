import type { Json } from '../../core/json.ts';
import { parseJson5 } from './json5.ts';

/** A value in a string of JSON, JSONC or JSON5, and its location; ends are exclusive. */
export interface JsonNode {
  readonly kind: 'object' | 'array' | 'scalar';
  readonly start: number;
  readonly end: number;
  readonly value: Json;
  /** Keys of an object with their values, or entries of an array. */
  readonly entries: readonly JsonEntry[];
}

/** A key of an object with its value, or an entry of an array. */
export interface JsonEntry {
  /** The key; empty in an array. */
  readonly name: string;
  /** Where its name begins, or the value if it has no name. */
  readonly start: number;
  readonly node: JsonNode;
  /** Position of the comma after it. */
  readonly comma: number | undefined;
}

/**
 * Reads a string that must be JSON5 (which includes JSON and JSONC), with the locations of all its parts.
 * It does not validate: only a parser detects errors.
 */
export function jsonTree(text: string): JsonNode {
  return readValue(text, skip(text, 0));
}

/** After spaces and comments. */
export function skip(text: string, from: number): number {
  const blank = /(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n\r\u2028\u2029]*)*/y;
  blank.lastIndex = from;
  blank.test(text);
  return blank.lastIndex;
}

function readValue(text: string, start: number): JsonNode {
  const first = text[start];
  if (first === '{' || first === '[') return readContainer(text, start, first === '{' ? 'object' : 'array');
  const end = endOfScalar(text, start);
  return { kind: 'scalar', start, end, value: parseJson5(text.slice(start, end)), entries: [] };
}

function readContainer(text: string, start: number, kind: 'object' | 'array'): JsonNode {
  const entries: JsonEntry[] = [];
  const close = kind === 'object' ? '}' : ']';
  let at = skip(text, start + 1);
  while (at < text.length && text[at] !== close) {
    const first = at;
    let name = '';
    if (kind === 'object') {
      const end = endOfScalar(text, at);
      name = Object.keys(Object(parseJson5(`{${text.slice(at, end)}:0}`)))[0] ?? '';
      at = skip(text, skip(text, end) + 1);
    }
    const node = readValue(text, at);
    const behind = skip(text, node.end);
    const comma = text[behind] === ',' ? behind : undefined;
    entries.push({ name, start: first, node, comma });
    at = comma === undefined ? behind : skip(text, comma + 1);
  }
  const value = kind === 'array' ? entries.map(({ node }) => node.value) : objectOf(entries);
  return { kind, start, end: at + 1, value, entries };
}

function objectOf(entries: readonly JsonEntry[]): Json {
  return Object.fromEntries(entries.map(({ name, node }) => [name, node.value]));
}

function endOfScalar(text: string, start: number): number {
  const quote = text[start];
  const part =
    quote === '"' || quote === "'"
      ? new RegExp(`${quote}(?:[^\\\\${quote}]|\\\\[\\s\\S])*${quote}`, 'y')
      : /(?:[^\s,:\]}/]|\/(?![/*]))+/y;
  part.lastIndex = start;
  part.test(text);
  return Math.max(part.lastIndex, start + 1);
}
