import { expect, test } from 'vitest';
import { masker, Secret } from '../../src/core/secret.ts';
import { cleaner } from '../../src/report/clean.ts';
import { jsonDocument } from '../../src/report/json-document.ts';

const clean = cleaner(masker([new Secret('false'), new Secret('name'), new Secret('s3cret')]));

test('secrets and control characters are removed from the strings, and the document stays valid', () => {
  const document = { name: 'a s3cret', check: false, list: ['\x1b[31mred\x9b0m\u202e', 'false'], n: 1, none: null };
  expect(JSON.parse([...jsonDocument(document, clean)].join(''))).toEqual({
    name: 'a ***',
    check: false,
    list: ['red', '***'],
    n: 1,
    none: null,
  });
});

test('the pieces are the text of JSON.stringify, and none has more than one entry of a list', () => {
  const row = { host: 'a', changes: [{ title: 'x', diff: 'a\nb' }], none: [], empty: {}, missing: undefined };
  const document = {
    format: 1,
    hosts: { a: row, b: row },
    tasks: Array.from({ length: 100 }, () => row),
    verify: [],
    none: null,
  };
  const all = [...jsonDocument(document as never, cleaner(masker([])))];
  expect(all.join('')).toBe(`${JSON.stringify(document, undefined, 2)}\n`);
  const longest = JSON.stringify([row], undefined, 4).length * 2;
  expect(Math.max(...all.map((piece) => piece.length))).toBeLessThan(longest);
  for (const plain of ['text', 1, null, true, [], {}, [1, [2]]]) {
    expect([...jsonDocument(plain, clean)].join('')).toBe(`${JSON.stringify(plain, undefined, 2)}\n`);
  }
});
