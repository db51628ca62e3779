import { isList, type Json } from '../core/json.ts';
import type { Clean } from './clean.ts';

/**
 * A JSON document whose strings are free of control characters and secrets. Each string is cleaned before the document is
 * written: a mask over the finished text could break its syntax, for a secret may be `false` or `name`. Keys stay as they are.
 */
export function jsonDocument(value: Json, clean: Clean): string {
  return `${JSON.stringify(cleaned(value, clean), undefined, 2)}\n`;
}

function cleaned(value: Json, clean: Clean): Json {
  if (typeof value === 'string') return clean.text(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => cleaned(item, clean));
  // What has no value is left out, as JSON.stringify does.
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, cleaned(item, clean)]));
}
