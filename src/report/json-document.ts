import { isList, type Json } from '../core/json.ts';
import type { Clean } from './clean.ts';

/**
 * A JSON document whose strings contain no control characters and no secrets. Each string is cleaned before the document is
 * written: masking the finished text could break its syntax, as a secret may be `false` or `name`. Keys stay unchanged.
 */
export function jsonDocument(value: Json, clean: Clean): string {
  return `${JSON.stringify(cleaned(value, clean), undefined, 2)}\n`;
}

function cleaned(value: Json, clean: Clean): Json {
  if (typeof value === 'string') return clean.text(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => cleaned(item, clean));
  // Keys without a value are left out, as in JSON.stringify.
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, cleaned(item, clean)]));
}
