import { expect } from 'vitest';
import type { Converged } from './on-this-machine.ts';

/** The promise of every module: changed first, as predicted, then nothing more to do. */
export function proven(done: Converged): Converged {
  expect(done.first.failed).toBeUndefined();
  expect(done.applied.map(({ code, stderr }) => [code, stderr])).toEqual(done.applied.map(() => [0, '']));
  expect(done.applied.length).toBe(done.first.changes.length);
  for (const { predicted, asked } of done.predicted) expect(asked).toEqual(predicted);
  expect(done.after.failed).toBeUndefined();
  expect(done.after.changes).toEqual([]);
  return done;
}

/** What was decided to do, or why not. */
export function titles({ first }: Pick<Converged, 'first'>): readonly string[] {
  return first.failed === undefined ? first.changes.map(({ title }) => title) : [`failed: ${first.failed}`];
}
