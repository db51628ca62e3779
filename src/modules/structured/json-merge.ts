import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../core/json.ts';
import { type Member, scanObject } from './json-scan.ts';

/** Result of a merge: the new text, the top-level names that differed, and the previous values. */
export type Merged =
  | { readonly text: string; readonly keys: readonly string[]; readonly old: JsonObject }
  | { readonly failed: string };

/**
 * Merges values into strict JSON in place: the rest of the text is kept byte for byte. Objects are merged, other values are
 * replaced, `null` removes a key. An empty text counts as `{}`.
 */
export function mergeStrictJson(text: string, values: JsonObject): Merged {
  if (text.trim() === '') {
    const kept = withoutNulls(values);
    return { text: `${JSON.stringify(kept, undefined, 2)}\n`, keys: Object.keys(kept), old: {} };
  }
  let old: Json;
  try {
    old = JSON.parse(text);
  } catch (error) {
    return { failed: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(old)) return { failed: 'it contains no JSON object' };

  let next = text;
  const put = (path: readonly string[], is: Json | undefined, wanted: Json): void => {
    if (isObject(wanted) && isObject(is)) {
      for (const [key, value] of Object.entries(wanted)) put([...path, key], is[key], value);
    } else if (wanted === null) {
      if (is !== undefined) next = withMember(next, path, null);
    } else {
      const value = isObject(wanted) ? withoutNulls(wanted) : wanted;
      if (!isDeepStrictEqual(is, value)) next = withMember(next, path, value);
    }
  };
  const keys: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const before = next;
    put([key], Object.hasOwn(old, key) ? old[key] : undefined, value);
    if (next !== before) keys.push(key);
  }
  return { text: next, keys, old };
}

/** The text with the value at this path set; null removes it. The objects above it exist. */
function withMember(text: string, path: readonly string[], value: Json): string {
  let start = text.indexOf('{');
  let members = scanObject(text, start);
  for (const key of path.slice(0, -1)) {
    start = last(members, key)?.valueStart ?? start;
    members = scanObject(text, start);
  }
  const key = path.at(-1) ?? '';
  const there = last(members, key);
  const inner = members[0] === undefined ? undefined : indentAt(text, members[0].keyStart);
  const base = indentAt(text, start) ?? lineIndent(text, start);
  const unit = unitOf(text);

  if (value === null) return there === undefined ? text : without(text, start, members, there);
  if (there !== undefined) {
    const words = stringify(value, unit, inner ?? lineIndent(text, there.keyStart));
    return text.slice(0, there.valueStart) + words + text.slice(there.valueEnd);
  }
  const end = members.at(-1);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (end === undefined) {
    const deep = base + unit;
    const close = text.indexOf('}', start);
    const member = `${JSON.stringify(key)}: ${stringify(value, unit, deep)}`;
    return `${text.slice(0, start)}{${newline}${deep}${member}${newline}${base}${text.slice(close)}`;
  }
  const member = `${JSON.stringify(key)}: ${stringify(value, unit, inner ?? base)}`;
  const gap = inner === undefined ? ', ' : `,${newline}${inner}`;
  return text.slice(0, end.valueEnd) + gap + member + text.slice(end.valueEnd);
}

/** Without one key, its value and its comma. */
function without(text: string, start: number, members: readonly Member[], gone: Member): string {
  const index = members.indexOf(gone);
  const before = members[index - 1];
  const after = members[index + 1];
  if (before !== undefined) return text.slice(0, before.valueEnd) + text.slice(gone.valueEnd);
  if (after !== undefined) return text.slice(0, gone.keyStart) + text.slice(after.keyStart);
  return text.slice(0, start + 1) + text.slice(text.indexOf('}', gone.valueEnd));
}

/** The last one of that name: readers use that one. */
function last(members: readonly Member[], key: string): Member | undefined {
  return members.filter((member) => member.key === key).at(-1);
}

/** The part of a line before this offset, if it contains only spaces. */
function indentAt(text: string, at: number): string | undefined {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(start, at);
  return start > 0 && /^[ \t]*$/.test(before) ? before : undefined;
}

function lineIndent(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';
}

function unitOf(text: string): string {
  return /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
}

function stringify(value: Json, unit: string, indent: string): string {
  return JSON.stringify(value, undefined, unit).replaceAll('\n', `\n${indent}`);
}

/** For a new object: it contains nothing to remove yet. */
function withoutNulls(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === null ? [] : [[key, isObject(value) ? withoutNulls(value) : value]],
    ),
  );
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
