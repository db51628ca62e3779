import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { revealed } from '../../src/run/task/revealed.ts';

test('each secret of the arguments is hidden before it is revealed, at any depth', () => {
  const hidden: string[] = [];
  const args = { a: new Secret('one'), b: [{ c: new Secret('two') }, 'plain'], d: 1 };
  expect(revealed(args, (secret) => hidden.push(secret.reveal()))).toEqual({
    a: 'one',
    b: [{ c: 'two' }, 'plain'],
    d: 1,
  });
  expect(hidden).toEqual(['one', 'two']);
});
