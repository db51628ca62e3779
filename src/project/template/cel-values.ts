import type { Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { isLazy, isList, isMapping } from '../variables/value.ts';

/** A value as CEL computes with it. */
export type CelValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly CelValue[]
  | { readonly [key: string]: CelValue };

/**
 * A Value for CEL: integers become BigInt, for CEL's integers are those (`n % 2` fails on JavaScript's numbers).
 * Secrets come as their text; `onSecret` hears of each, since an error's text must not show it.
 */
export function toCel(value: Value, onSecret: (secret: Secret) => void): CelValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value instanceof Secret) {
    onSecret(value);
    return value.reveal();
  }
  if (isList(value)) return value.map((item) => toCel(item, onSecret));
  if (!isMapping(value)) return value;
  if (!isLazy(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toCel(member, onSecret)]));
  }
  const map: Record<string, CelValue> = {};
  for (const key of Object.keys(value)) {
    Object.defineProperty(map, key, { enumerable: true, get: () => toCel(value[key] ?? null, onSecret) });
  }
  return map;
}
