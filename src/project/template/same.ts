import type { Value } from '../../core/playbook.ts';
import { revealed } from '../variables/value.ts';

/** Whether two values are equal, compared by their content; a Secret is compared by its value. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  const plain = (value: Value | undefined): unknown => (value === undefined ? undefined : revealed(value).value);
  return deepEqual(plain(a), plain(b));
}

function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  return left.length === Object.keys(b).length && left.every(([key, value]) => deepEqual(value, Reflect.get(b, key)));
}
