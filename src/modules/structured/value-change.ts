import { HealError } from '../../core/errors.ts';
import { isList, type Json, type JsonObject } from '../../core/json.ts';
import { isObject, kindOf, member, sameValue } from './value.ts';
import { pathOf, pathText, type ValuePath } from './value-path.ts';

/** The desired changes of a structured file. Pure descriptions, independent of how the text is edited. */
export interface ValueChange {
  readonly merge?: JsonObject;
  readonly lists: 'replace' | 'append_unique';
  readonly list_key?: string;
  readonly set?: readonly { readonly path: string; readonly value: Json }[];
  readonly remove?: readonly (string | { readonly path: string; readonly value: Json })[];
}

/**
 * The desired value of a task: merged first, then set, then removed from.
 *
 * @throws HealError if a path goes through a value that is neither mapping nor list
 */
export function changedValue(value: Json | undefined, change: ValueChange): Json | undefined {
  let now = value;
  if (change.merge !== undefined) {
    if (now !== undefined && now !== null && !isObject(now))
      throw new HealError('failed', `the file contains ${kindOf(now)}, so nothing can be merged into it`);
    now = merged(now ?? {}, change.merge, change);
  }
  for (const { path, value: wanted } of change.set ?? []) now = withSet(now, pathOf(path), wanted, []);
  for (const one of change.remove ?? []) {
    now = typeof one === 'string' ? without(now, pathOf(one)) : withoutEntry(now, pathOf(one.path), one.value);
  }
  return now;
}

/** Mappings are merged, other values are replaced; lists too, unless missing entries are to be added to them. */
function merged(old: Json | undefined, wanted: Json, how: ValueChange): Json {
  if (isObject(old) && isObject(wanted)) {
    const added = Object.entries(wanted).map(([name, value]) => [name, merged(member(old, name), value, how)] as const);
    return Object.fromEntries([...Object.entries(old), ...added]);
  }
  if (!isList(old) || !isList(wanted) || how.lists === 'replace') return wanted;
  const list = [...old];
  for (const entry of wanted) {
    const at = list.findIndex((one) => sameEntry(one, entry, how.list_key));
    if (at === -1) list.push(entry);
    else list[at] = merged(list[at], entry, how);
  }
  return list;
}

function sameEntry(a: Json, b: Json, key: string | undefined): boolean {
  if (sameValue(a, b)) return true;
  const identity = key === undefined ? undefined : identityOf(a, key);
  return key !== undefined && identity !== undefined && sameValue(identity, identityOf(b, key));
}

/** Compose writes a volume as a mapping with its `target`, or short: SOURCE:TARGET[:MODE]. */
function identityOf(entry: Json, key: string): Json | undefined {
  if (isObject(entry)) return member(entry, key);
  if (typeof entry !== 'string' || key !== 'target') return undefined;
  const [first, second] = entry.split(':');
  return second ?? first;
}

function withSet(value: Json | undefined, path: ValuePath, wanted: Json, done: ValuePath): Json {
  const [part, ...rest] = path;
  if (part === undefined) return wanted;
  const here = done.length === 0 ? 'the top of the file' : pathText(done);
  const list = isList(value) ? value : value === undefined || value === null ? [] : undefined;
  const at = typeof part === 'number' ? part : isList(value) && /^\d+$/.test(part) ? Number(part) : undefined;
  if (at !== undefined) {
    if (list === undefined) throw new HealError('failed', `${here} is ${kindOf(value)}, not a list`);
    if (at > list.length)
      throw new HealError('failed', `${here} has ${list.length} entries, so there can be no [${at}] yet`);
    return list.toSpliced(at, 1, withSet(list[at], rest, wanted, [...done, at]));
  }
  const object = isObject(value) ? value : value === undefined || value === null ? {} : undefined;
  if (object === undefined) throw new HealError('failed', `${here} is ${kindOf(value)}, not a mapping`);
  const name = String(part);
  const put = withSet(member(object, name), rest, wanted, [...done, name]);
  return Object.fromEntries([...Object.entries(object), [name, put]]);
}

function without(value: Json | undefined, path: ValuePath): Json | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return undefined;
  if (isList(value)) {
    const at = Number(part);
    const left = without(value[at], rest);
    if (value[at] === undefined) return value;
    return left === undefined ? value.toSpliced(at, 1) : value.toSpliced(at, 1, left);
  }
  if (!isObject(value)) return value;
  const name = String(part);
  if (!Object.hasOwn(value, name)) return value;
  const left = without(value[name], rest);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]): [string, Json][] =>
      key !== name ? [[key, one]] : left === undefined ? [] : [[key, left]],
    ),
  );
}

function withoutEntry(value: Json | undefined, path: ValuePath, entry: Json): Json | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return isList(value) ? value.filter((one) => !sameValue(one, entry)) : value;
  const inner = isList(value) ? value[Number(part)] : isObject(value) ? member(value, String(part)) : undefined;
  const left = inner === undefined ? undefined : withoutEntry(inner, rest, entry);
  if (inner === undefined || left === undefined || sameValue(inner, left)) return value;
  return withSet(value, [part], left, []);
}
