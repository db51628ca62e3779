import { expect, test } from 'vitest';
import { setFact } from '../../src/modules/set-fact.ts';
import { inputOf } from './on-this-machine.ts';

test('the given values are in the facts unchanged', () => {
  const args = { cacheable: true, a: 1, b: { c: ['d', null] }, e: '' };
  expect(setFact.plan(args, {}, inputOf())).toEqual({
    changes: [],
    result: { facts: { a: 1, b: { c: ['d', null] }, e: '' } },
  });
  expect(setFact.schema['additionalProperties']).toBe(true);
});

test.each([
  [{ a: 1 }, undefined],
  [{ cacheable: false }, 'set_fact needs a variable: NAME: VALUE'],
  [{ 'a-b': 1 }, '"a-b" can\'t be the name of a variable'],
  [{ a: 1, '1a': 1 }, '"1a" can\'t be the name of a variable'],
])('%j: %s', (args, message) => {
  expect(setFact.misuse?.(args)?.message).toBe(message);
});
