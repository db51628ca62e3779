import type { Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';

/** A mapping of Values. */
export type ValueMap = { readonly [key: string]: Value };

const lazy = new WeakSet<object>();

/** A mapping whose values are evaluated on access: otherwise `hostvars` would evaluate every variable of every host. */
export function lazyMap(keys: Iterable<string>, member: (key: string) => Value): ValueMap {
  const map: Record<string, Value> = {};
  for (const key of keys) {
    Object.defineProperty(map, key, { enumerable: true, configurable: true, get: () => member(key) });
  }
  lazy.add(map);
  return map;
}

/** Whether `lazyMap` created it. */
export function isLazy(value: object): boolean {
  return lazy.has(value);
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMapping(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

/** Names a value's type for an error. */
export function typeName(value: Value | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof Secret) return 'a secret';
  if (isList(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  return typeof value === 'string' ? 'a string' : `a ${typeof value}`;
}

/** A copy in which every Secret is replaced by its string, and whether there was one. */
export function revealed(value: Value): { readonly value: Value; readonly secret: boolean } {
  let secret = false;
  const open = (part: Value): Value => {
    if (part instanceof Secret) {
      secret = true;
      return part.reveal();
    }
    if (isList(part)) return part.map(open);
    if (isMapping(part)) return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, open(member)]));
    return part;
  };
  return { value: typeof value === 'object' ? open(value) : value, secret };
}

/** An own property of a record; not one that JavaScript gives every object, such as `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
