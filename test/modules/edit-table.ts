import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { complete, edited } from './edited.ts';

type Row = readonly [what: string, args: JsonObject, before: string, after: string];

/** Defines a test for each row: the text that a module makes of another one with these arguments. */
export function table(module: Module, rows: readonly Row[]): void {
  test.each(rows)('%s', (_what, args, before, after) => {
    expect(module.misuse?.(complete(module, { path: '/f', ...args }))).toBeUndefined();
    const done = edited(module, args, before);
    expect(done.failed).toBeUndefined();
    expect(done.text).toBe(after);
    expect(done.changed).toBe(before !== after);
  });
}
