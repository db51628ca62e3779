import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { mergeStrictJson } from '../../src/modules/structured/json-merge.ts';
import fc from '../samples.ts';

describe('values are merged into JSON in place', () => {
  test.each<[string, string, JsonObject, string, readonly string[]]>([
    ['an empty file', '', { a: 1, b: null }, '{\n  "a": 1\n}\n', ['a']],
    ['an empty object', '{}\n', { a: true }, '{\n  "a": true\n}\n', ['a']],
    ['another key', '{\n  "x": 1\n}\n', { a: true }, '{\n  "x": 1,\n  "a": true\n}\n', ['a']],
    [
      'four spaces',
      '{\n    "x": [1,2]\n}',
      { a: { b: [1] } },
      '{\n    "x": [1,2],\n    "a": {\n        "b": [\n            1\n        ]\n    }\n}',
      ['a'],
    ],
    ['tabs', '{\n\t"x": 1\n}\n', { a: {} }, '{\n\t"x": 1,\n\t"a": {}\n}\n', ['a']],
    ['CRLF', '{\r\n  "x": 1\r\n}\r\n', { a: 2 }, '{\r\n  "x": 1,\r\n  "a": 2\r\n}\r\n', ['a']],
    ['one line', '{"x": 1}', { a: 2 }, '{"x": 1, "a": 2}', ['a']],
    ['a value', '{ "x" : 1 , "y":"}" }', { x: 2 }, '{ "x" : 2 , "y":"}" }', ['x']],
    ['the same', '{ "x" : {"b":1, "a" : [ ]} }', { x: { a: [], b: 1 } }, '{ "x" : {"b":1, "a" : [ ]} }', []],
    ['inside', '{"o": {\n  "a": 1\n}}', { o: { b: 2 } }, '{"o": {\n  "a": 1,\n  "b": 2\n}}', ['o']],
    ['away: last', '{\n  "a": 1,\n  "b": 2\n}\n', { b: null }, '{\n  "a": 1\n}\n', ['b']],
    ['away: first', '{\n  "a": 1,\n  "b": 2\n}\n', { a: null }, '{\n  "b": 2\n}\n', ['a']],
    ['away: only', '{ "a": {"}": 1} }', { a: null }, '{}', ['a']],
    ['away: none', '{"a": 1}', { b: null }, '{"a": 1}', []],
    ['the one that counts', '{"a": 1, "a": 2}', { a: 3 }, '{"a": 1, "a": 3}', ['a']],
    [
      'odd keys',
      '{"a\\"b": 1, "__proto__": 2}',
      { 'a"b': 2, toString: 1 },
      '{"a\\"b": 2, "__proto__": 2, "toString": 1}',
      ['a"b', 'toString'],
    ],
  ])('%s', (_name, text, values, expected, keys) => {
    expect(mergeStrictJson(text, values)).toMatchObject({ text: expected, keys });
  });

  test.each([
    ['{"a": 1,}', /^it is not JSON: /],
    ['// a\n{}', /^it is not JSON: /],
    ['[1]', /^it contains no JSON object$/],
  ])('%s is refused', (text, words) => {
    expect(mergeStrictJson(text, { a: 1 })).toEqual({ failed: expect.stringMatching(words) });
  });

  test('merged values exist, all others are unchanged, and a second merge changes nothing', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(object, object, fc.constantFrom(undefined, 1, 4, '\t'), (is, wanted, indent) => {
        const old = JSON.stringify(is, undefined, indent);
        const values = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null)) as JsonObject;
        const merged = mergeStrictJson(old, values);
        if ('failed' in merged) throw new Error(merged.failed);
        const now = JSON.parse(merged.text) as JsonObject;
        for (const key of Object.keys(now))
          if (!Object.hasOwn(values, key)) expect(now[key]).toEqual(JSON.parse(old)[key]);
        expect(mergeStrictJson(merged.text, values)).toMatchObject({ text: merged.text, keys: [] });
      }),
      { numRuns: 200 },
    );
  });
});
