import type { Json, JsonObject } from '../../core/json.ts';
import type { Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';

/** Arguments as modules take them. The secrets in them are known to the mask by now, wherever they turn up again. */
export function revealed(args: { readonly [key: string]: Value }): JsonObject {
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, plain(value)]));
}

function plain(value: Value): Json {
  if (value instanceof Secret) return value.reveal();
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(plain);
  return revealed(value);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
