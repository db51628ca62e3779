import type { Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { isLazy, isList, isMapping } from '../variables/value.ts';

/** A value for computations in CEL. */
export type CelValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly CelValue[]
  | { readonly [key: string]: CelValue };

/**
 * A Value for CEL: integers become BigInt, which CEL uses for integers (`n % 2` fails on JavaScript's numbers).
 * Secrets are passed as their strings; `onSecret` is called with each, since an error message must not show it.
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
