import { isList, type Json, type JsonObject } from '../../core/json.ts';
import type { ValuePath } from './value-path.ts';

/** Whether a value is a mapping. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of a mapping; inherited properties of `Object.prototype` do not count. */
export function member(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Whether two values are the same; the order of keys makes no difference, and -0 is 0. */
export function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((one, i) => sameValue(one, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameValue(a[name], member(b, name)));
}

/** The type of a value, worded for a sentence: "a list". */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (isList(value)) return 'a list';
  if (isObject(value)) return 'a mapping';
  return typeof value === 'string' ? 'a string' : typeof value === 'number' ? 'a number' : 'a boolean';
}

/** Paths of the differences between two values: of each key or entry that was added, removed or changed. */
export function differences(old: Json | undefined, wanted: Json | undefined, path: ValuePath = []): ValuePath[] {
  if (sameValue(old, wanted)) return [];
  if (isObject(old) && isObject(wanted)) {
    const names = [...new Set([...Object.keys(old), ...Object.keys(wanted)])];
    return names.flatMap((name) => differences(member(old, name), member(wanted, name), [...path, name]));
  }
  if (isList(old) && isList(wanted) && old.length === wanted.length)
    return old.flatMap((one, i) => differences(one, wanted[i], [...path, i]));
  return [path];
}
