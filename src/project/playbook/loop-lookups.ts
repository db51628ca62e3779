import type { Place } from '../../core/place.ts';
import type { Value } from '../../core/playbook.ts';
import { isList, isMapping, own, typeName, type ValueMap } from '../variables/value.ts';
import { usage } from '../yaml/problems.ts';

/**
 * The loop keywords of ansible-core, each with the conversion of its value to a list of items, as its lookup plugin of the same
 * name does it; undefined needs none. The conversions throw usage HealErrors at the Place of the value.
 */
export const loopLookups: Readonly<Record<string, ((value: Value, at: Place) => Value) | undefined>> = {
  loop: undefined,
  with_list: undefined,
  // Nested lists are flattened by one level.
  with_items: flattened,
  with_dict: (value, at) => {
    if (isMapping(value)) return Object.entries(value).map(([key, member]) => ({ key, value: member }));
    throw usage(`"with_dict" must be a mapping, not ${typeName(value)}`, at, 'loop over a list with "loop"');
  },
  with_indexed_items: (value) => flattened(value).map((item, index) => [index, item]),
  with_nested: (value, at) => {
    const lists = listsOf('with_nested', value, at);
    return lists.reduce<Value[][]>((rows, list) => rows.flatMap((row) => list.map((item) => row.concat(item))), [[]]);
  },
  with_together: (value, at) => {
    const lists = listsOf('with_together', value, at);
    const longest = Math.max(...lists.map((list) => list.length));
    return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? null));
  },
  with_subelements: (value, at) => {
    const [all, path, flags] = isList(value) ? value : [];
    const parents = isMapping(all) ? Object.values(all) : all;
    if (!isList(parents) || typeof path !== 'string') {
      throw usage('"with_subelements" must be a list of mappings, and a key', at, 'write [list, key]');
    }
    const mayLack = isMapping(flags) && flags['skip_missing'] === true;
    return parents.flatMap((parent) => {
      const found = extracted(parent, path.split('.'));
      if (found === undefined && mayLack) return [];
      if (isList(found?.value)) return found.value.map((item) => [found.rest, item]);
      const what = found === undefined ? 'is missing in an item' : `must be a list, not ${typeName(found.value)}`;
      throw usage(`"with_subelements": "${path}" ${what}`, at, 'add { skip_missing: true } if items may lack it');
    });
  },
  with_sequence: (value, at) => sequence(String(value), at),
};

function flattened(value: Value): readonly Value[] {
  return isList(value) ? value.flat(1) : [value];
}

/** A list of lists; an entry that is no list is a list of one. */
function listsOf(keyword: string, value: Value, at: Place): (readonly Value[])[] {
  if (isList(value) && value.length > 0) return value.map((one) => (isList(one) ? one : [one]));
  throw usage(`"${keyword}" must be a list of lists`, at, 'write [[a, b], [1, 2]]');
}

/** What a path of keys leads to, and the rest without it. */
function extracted(
  parent: Value,
  [key = '', ...below]: readonly string[],
): { value: Value; rest: ValueMap } | undefined {
  const member = isMapping(parent) ? own(parent, key) : undefined;
  if (!isMapping(parent) || member === undefined) return undefined;
  if (below.length === 0) {
    const { [key]: _, ...rest } = parent;
    return { value: member, rest };
  }
  const inner = extracted(member, below);
  return inner && { value: inner.value, rest: { ...parent, [key]: inner.rest } };
}

const longestSequence = 100_000;

/** `start=1 end=5 stride=2 format=bot%02d`, `count=5`, or short `1-5/2:bot%02d`. The items are strings. */
function sequence(text: string, at: Place): string[] {
  const wrong = (why: string): Error =>
    usage(`"with_sequence" ${why}`, at, 'write start=1 end=5 stride=2 format=bot%02d, or count=5');
  const short = /^(?:(\d+)-)?(\d+)(?:\/(-?\d+))?(?::(.+))?$/.exec(text.trim());
  const known: Record<string, string> = {};
  if (short !== null) {
    const [, start, end, stride, format] = short;
    Object.assign(known, { end, ...(start && { start }), ...(stride && { stride }), ...(format && { format }) });
  } else {
    for (const word of text.trim().split(/\s+/)) {
      const [, name = '', given = ''] = /^(start|end|count|stride|format)=(.+)$/.exec(word) ?? [];
      if (name === '') throw wrong(`has no "${word}"`);
      known[name] = given;
    }
  }
  const number = (name: string, otherwise: number): number => {
    const given = Number(known[name] ?? otherwise);
    if (!Number.isInteger(given)) throw wrong(`needs a whole number as ${name}`);
    return given;
  };
  const start = number('start', 1);
  const count = known['count'] === undefined ? undefined : number('count', 0);
  if ((known['end'] === undefined) === (count === undefined)) throw wrong('needs an end or a count');
  const end = count === undefined ? number('end', 0) : undefined;
  const stride = number('stride', 1);
  if (end !== undefined && (end - start) * stride < 0)
    throw wrong('counts away from its end: change the sign of stride');
  const length = count ?? (stride === 0 ? 0 : Math.max(0, Math.floor((Number(end) - start) / stride) + 1));
  if (length > longestSequence) throw wrong(`has more than ${longestSequence} items`);
  const [, before = '', zeros, width = '0', kind = 'd', after = ''] =
    /^([^%]*)%(0?)(\d*)([dxo])([^%]*)$/.exec(known['format'] ?? '%d') ?? [];
  if (zeros === undefined) throw wrong(`does not know the format "${known['format']}"`);
  const base = { d: 10, x: 16, o: 8 }[kind] ?? 10;
  const shown = (n: number): string => n.toString(base).padStart(Number(width), zeros === '0' ? '0' : ' ');
  return Array.from({ length }, (_, index) => `${before}${shown(start + index * stride)}${after}`);
}
