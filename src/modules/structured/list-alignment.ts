import type { Json } from '../../core/json.ts';
import { sameValue } from './value.ts';

/** How the entries of a list become those of another. Numbers are indexes of the old list, or of the new one. */
export interface Alignment {
  /** An old entry, and the new one that replaces it. */
  readonly kept: readonly (readonly [old: number, wanted: number])[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
  /** The added entries are inserted before this old entry; undefined puts them at the end. */
  readonly before: number | undefined;
}

/** Common entries at both ends are kept; entries between them are changed in place, then removed or added. */
export function alignment(old: readonly Json[], wanted: readonly Json[]): Alignment {
  const removed = wanted.length < old.length ? leftOver(old, wanted) : undefined;
  if (removed !== undefined) return { kept: [], removed, added: [], before: undefined };
  const short = Math.min(old.length, wanted.length);
  let head = 0;
  while (head < short && sameValue(old[head], wanted[head])) head++;
  let tail = 0;
  while (tail < short - head && sameValue(old.at(-1 - tail), wanted.at(-1 - tail))) tail++;
  const end = old.length - tail;
  const both = Math.min(end, wanted.length - tail);
  return {
    kept: range(head, both).map((i) => [i, i] as const),
    removed: range(both, end),
    added: range(both, wanted.length - tail),
    before: tail === 0 ? undefined : end,
  };
}

/** The surplus old entries, if the others are the desired ones in the same order: then none is rewritten. */
function leftOver(old: readonly Json[], wanted: readonly Json[]): number[] | undefined {
  const removed: number[] = [];
  let next = 0;
  for (const [i, one] of old.entries()) {
    if (next < wanted.length && sameValue(one, wanted[next])) next++;
    else removed.push(i);
  }
  return next === wanted.length ? removed : undefined;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
