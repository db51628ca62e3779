import { isList, type Json } from '../core/json.ts';
import type { Clean } from './clean.ts';

/**
 * A JSON document, in pieces, whose strings contain no control characters and no secrets. Each string is cleaned before the document
 * is written: masking the finished text could break its syntax, as a secret may be `false` or `name`. Keys stay unchanged. The
 * entries of a list at the top are pieces of their own: the output of many tasks is longer than the longest string of V8 (512 MiB).
 */
export function* jsonDocument(value: Json, clean: Clean): Generator<string> {
  yield* pieces(value, clean, '', 2);
  yield '\n';
}

/** The text of `JSON.stringify` with an indent of two spaces, after `indent`; `depth` levels of it are yielded entry by entry. */
function* pieces(value: Json, clean: Clean, indent: string, depth: number): Generator<string> {
  const inside = `${indent}  `;
  const list = isList(value);
  const entries = list
    ? value.map((item) => ['', item] as const)
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) =>
          item === undefined ? [] : [[`${JSON.stringify(key)}: `, item] as const],
        )
      : [];
  if (depth === 0 || entries.length === 0) {
    // A JSON text has line ends between its tokens only.
    yield JSON.stringify(cleaned(value, clean), undefined, 2).replaceAll('\n', `\n${indent}`);
    return;
  }
  yield list ? '[' : '{';
  for (const [at, [key, item]] of entries.entries()) {
    yield `${at === 0 ? '' : ','}\n${inside}${key}`;
    yield* pieces(item, clean, inside, depth - 1);
  }
  yield `\n${indent}${list ? ']' : '}'}`;
}

function cleaned(value: Json, clean: Clean): Json {
  if (typeof value === 'string') return clean.text(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => cleaned(item, clean));
  // Keys without a value are left out, as in JSON.stringify.
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, cleaned(item, clean)]));
}
