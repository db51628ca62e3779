import { HealError } from '../../core/errors.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Misuse } from '../../core/playbook.ts';
import { differences } from './value.ts';
import type { ValueChange } from './value-change.ts';
import { pathOf, pathText } from './value-path.ts';

const path = {
  type: 'string',
  minLength: 1,
  description: 'Way to a value: a.b[0]; names with dots as a["x.y"].',
} as const;
const anything = { description: 'Any value.' } as const;

/** Arguments that `json` and `yaml` share. */
export const valueProperties = {
  merge: {
    type: 'object',
    description:
      'Values to merge into the file: mappings key by key, other values are replaced. `null` is an ordinary value.',
  },
  at: {
    ...path,
    description:
      'Path of the mapping that `merge` is applied to, instead of the whole file. It can be a template, unlike keys.',
  },
  lists: {
    enum: ['replace', 'append_unique'],
    default: 'replace',
    description: 'How `merge` handles lists: replace them, or append missing entries.',
  },
  list_key: {
    type: 'string',
    minLength: 1,
    description:
      "With `lists: append_unique`: mappings that have the same value for this key count as the same entry and are merged. For `target`, Compose's short volume syntax `SOURCE:TARGET` is recognized too.",
  },
  set: {
    type: 'array',
    items: {
      type: 'object',
      properties: { path, value: anything },
      required: ['path', 'value'],
      additionalProperties: false,
    },
    description:
      'Values to set. Each replaces the whole value at its `path`; missing parent mappings and lists are created.',
  },
  remove: {
    type: 'array',
    items: {
      anyOf: [
        path,
        {
          type: 'object',
          properties: { path, value: anything },
          required: ['path', 'value'],
          additionalProperties: false,
        },
      ],
    },
    description:
      'Keys to remove, by path. With `{ path, value }`: remove the entries equal to `value` from the list at that path.',
  },
} as const;

/** The type of these arguments after validation. */
export interface ValueArgs {
  readonly merge?: { readonly [key: string]: unknown };
  readonly at?: string;
  readonly lists: 'replace' | 'append_unique';
  readonly list_key?: string;
  readonly set?: readonly { readonly path: string; readonly value?: unknown }[];
  readonly remove?: readonly (string | { readonly path: string; readonly value?: unknown })[];
}

/** The change that a task's arguments describe. Arguments are JSON, which their schema can't express for "any value". */
export function valueChange({ merge, at, lists, list_key, set, remove }: ValueArgs): ValueChange {
  return {
    lists,
    ...(list_key === undefined ? {} : { list_key }),
    ...(merge === undefined ? {} : { merge: insideOf(at, merge as JsonObject) }),
    ...(set === undefined ? {} : { set: set.map((one) => ({ path: one.path, value: one.value as Json })) }),
    ...(remove === undefined
      ? {}
      : {
          remove: remove.map((one) => (typeof one === 'string' ? one : { path: one.path, value: one.value as Json })),
        }),
  };
}

/** A mapping that contains the merged values at a path. */
function insideOf(at: string | undefined, merge: JsonObject): JsonObject {
  if (at === undefined) return merge;
  return pathOf(at).reduceRight<JsonObject>((inner, part) => ({ [String(part)]: inner }), merge);
}

/** Errors in arguments that the schema allows. */
export function wrongValueArgs(args: ValueArgs): Misuse | undefined {
  if (args.merge === undefined && args.set === undefined && args.remove === undefined)
    return { message: 'nothing is to be done: give merge, set or remove' };
  if (args.list_key !== undefined && args.lists !== 'append_unique')
    return { argument: 'list_key', message: 'list_key is for lists: append_unique' };
  if (args.at !== undefined && args.merge === undefined) return { argument: 'at', message: 'at is for merge' };
  for (const [argument, list] of [
    ['set', args.set ?? []],
    ['remove', args.remove ?? []],
    ['at', args.at === undefined ? [] : [{ path: args.at }]],
  ] as const) {
    for (const one of list) {
      try {
        const to = pathOf(typeof one === 'string' ? one : one.path);
        if (argument === 'at' && to.some((part) => typeof part === 'number')) {
          return { argument, message: `${args.at} leads through a list, and merge goes by names`, hint: 'use set' };
        }
        if (typeof one === 'string' && typeof to.at(-1) === 'number') {
          const hint = 'write { path, value }: the entry that has this value';
          return { argument, message: `${one} would remove another entry at every run`, hint };
        }
      } catch (error) {
        if (!(error instanceof HealError)) throw error;
        return { argument, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      }
    }
  }
  return undefined;
}

/** The changes, worded for a title: the paths of the first few values that differ. */
export function changeTitle(old: Json | undefined, wanted: Json): string {
  const paths = differences(old ?? {}, wanted).map((to) => (to.length === 0 ? 'all' : pathText(to)));
  const more = paths.length - 3;
  return `change ${more > 1 ? `${paths.slice(0, 3).join(', ')} and ${more} more` : paths.join(', ')}`;
}
