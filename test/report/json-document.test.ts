import { expect, test } from 'vitest';
import { masker, Secret } from '../../src/core/secret.ts';
import { cleaner } from '../../src/report/clean.ts';
import { jsonDocument } from '../../src/report/json-document.ts';

const clean = cleaner(masker([new Secret('false'), new Secret('name'), new Secret('s3cret')]));

test('secrets and control characters are taken out of the strings, and the document stays valid', () => {
  const document = { name: 'a s3cret', check: false, list: ['\x1b[31mred\x9b0m\u202e', 'false'], n: 1, none: null };
  expect(JSON.parse(jsonDocument(document, clean))).toEqual({
    name: 'a ***',
    check: false,
    list: ['red', '***'],
    n: 1,
    none: null,
  });
});
