import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { editedJson, json } from '../../src/modules/json.ts';
import type { JsonFormat } from '../../src/modules/structured/json-reading.ts';
import { parseJson5 } from '../../src/modules/structured/json5.ts';
import { sameValue } from '../../src/modules/structured/value.ts';
import { changedValue, type ValueChange } from '../../src/modules/structured/value-change.ts';
import { pathOf, pathText } from '../../src/modules/structured/value-path.ts';
import fc from '../samples.ts';
import { complete, edited } from './edited.ts';
import { anyName, anyObject, anyValue } from './values.ts';

type Row = readonly [what: string, args: JsonObject, before: string, after: string];

const config = `{
  // the gateway
  "gateway": {
    "port": 18789, // default
    "bind": "lan"
  },
  /* models */
  "agents": ["a", "b"],
}
`;
const five = `{
  // comment
  gateway: { port: 18789, bind: 'lan' },
  'agents': [
    'a', // first
    'b',
  ],
  hex: 0xFF, big: +1e3, inf: -Infinity,
}
`;

describe('json', () => {
  test.each<Row>([
    ['a value is set', { set: [{ path: 'a', value: 2 }] }, '{"a": 1, "b": 2}', '{"a": 2, "b": 2}'],
    ['a new member, one line', { merge: { c: [1, { d: 2 }] } }, '{"a": 1}', '{"a": 1, "c": [1, {"d": 2}]}'],
    ['a new member, one tight line', { merge: { c: [1, { d: 2 }] } }, '{"a":1}\n', '{"a":1,"c":[1,{"d":2}]}\n'],
    ['a new member, lines', { merge: { b: { c: [1] } } }, '{\n    "a": 1\n}\n', '{\n    "a": 1,\n    "b": {\n        "c": [\n            1\n        ]\n    }\n}\n'],
    ['tabs', { merge: { a: { c: 1 } } }, '{\n\t"a": {\n\t\t"b": 1\n\t}\n}', '{\n\t"a": {\n\t\t"b": 1,\n\t\t"c": 1\n\t}\n}'],
    ['line ends of Windows', { merge: { b: { c: 1 } } }, '{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 1\r\n  }\r\n}\r\n'],
    ['into an empty object', { merge: { a: 1 } }, '{}', '{\n  "a": 1\n}'],
    ['into an empty object inside', { merge: { a: { b: 1 } } }, '{\n  "a": {}\n}', '{\n  "a": {\n    "b": 1\n  }\n}'],
    ['into an object of comments', { merge: { a: 1 } }, '{\n  // none yet\n}\n', '{\n  // none yet\n  "a": 1\n}\n'],
    ['an empty file', { merge: { a: { b: [] } } }, '', '{\n  "a": {\n    "b": []\n  }\n}\n'],
    ['comments and a trailing comma stay', { merge: { gateway: { bind: 'loopback', auth: {} }, x: 1 } }, config,
      config.replace('"lan"', '"loopback",\n    "auth": {}').replace('"b"],\n', '"b"],\n  "x": 1,\n')],
    ['a comment stays behind its line', { merge: { b: 2 } }, '{\n  "a": 1 // one\n}', '{\n  "a": 1, // one\n  "b": 2\n}'],
    ['a member is removed with its comment', { remove: ['gateway.port'] }, config, config.replace('    "port": 18789, // default\n', '')],
    ['the last member is removed', { remove: ['gateway.bind'] }, config, config.replace('18789, // default\n    "bind": "lan"', '18789 // default')],
    ['all of a line is removed', { remove: ['a.c', 'b'] }, '{"a": {"c": 1, "d": 2}, "b": 1}', '{"a": {"d": 2}}'],
    ['the only member is removed', { remove: ['a.b'] }, '{\n  "a": {\n    "b": 1\n  }\n}', '{\n  "a": {}\n}'],
    ['what is not there is not removed', { remove: ['x.y', 'agents[7].z'] }, config, config],
    ['an entry is removed by its value', { remove: [{ path: 'agents', value: 'a' }] }, config, config.replace('"a", ', '')],
    ['the last entry is removed by its value', { remove: [{ path: 'agents', value: 'b' }] }, config, config.replace(', "b"', '')],
    ['lists are replaced', { merge: { agents: ['x', 'a', 'b'] } }, config, config.replace('["a"', '["x", "a"')],
    ['lists get what they lack', { merge: { agents: ['b', 'c'] }, lists: 'append_unique' }, config, config.replace('"b"', '"b", "c"')],
    ['entries that are the same by a member', { merge: { l: [{ name: 'a', v: 2 }, { name: 'c' }] }, lists: 'append_unique', list_key: 'name' },
      '{"l": [{"name": "a", "v": 1, "w": 1}, {"name": "b"}]}', '{"l": [{"name": "a", "v": 2, "w": 1}, {"name": "b"}, {"name": "c"}]}'],
    ['JSON5: a value', { set: [{ path: 'gateway.bind', value: "it's" }] }, five, five.replace("'lan'", "'it\\'s'")],
    ['JSON5: new names need no quotes', { merge: { gateway: { mode: 'x', 'a-b': 1 } } }, five, five.replace("'lan'", "'lan', mode: 'x', 'a-b': 1")],
    ['JSON5: an entry', { set: [{ path: 'agents[2]', value: 'c' }] }, five, five.replace("'b',\n", "'b',\n    'c',\n")],
    ['JSON5: an entry goes with its comment', { remove: [{ path: 'agents', value: 'a' }] }, five, five.replace("    'a', // first\n", '')],
    ['JSON5: a member among others on its line', { remove: ['big'] }, five, five.replace('big: +1e3, ', '')],
    ['a path with dots in names', { set: [{ path: 'a["x.y"].z', value: 1 }] }, '{"a": {"x.y": {"z": 0}}}', '{"a": {"x.y": {"z": 1}}}'],
    ['what leads there is made', { set: [{ path: 'a.b[0].c', value: 1 }] }, '{}', '{\n  "a": {\n    "b": [\n      {\n        "c": 1\n      }\n    ]\n  }\n}'],
    ['null is a value', { merge: { a: null } }, '{"a": 1}', '{"a": null}'],
    ['of two members with a name the last one counts', { merge: { a: 3 } }, '{"a": 1, "a": 2}', '{"a": 1, "a": 3}'],
    ['a list at the top', { set: [{ path: '[0].a', value: 2 }] }, '[{"a": 1}]\n', '[{"a": 2}]\n'],
    ['a mark of byte order stays', { merge: { a: 2 } }, '\ufeff{"a": 1}', '\ufeff{"a": 2}'],
    ['large numbers that are not touched stay', { merge: { b: 2 } }, '{"a": 12345678901234567890, "b": 1.0}', '{"a": 12345678901234567890, "b": 2}'],
    ['it is so already, in other words', { merge: { a: 1.0, b: 'ä' } }, '{"b":"\\u00e4","a":1e0}', '{"b":"\\u00e4","a":1e0}'],
  ])('%s', (_what, args, before, after) => {
    expect(json.misuse?.(complete(json, { path: '/f', ...args }))).toBeUndefined();
    const done = edited(json, args, before);
    expect(done.failed).toBeUndefined();
    expect(done.text).toBe(after);
    expect(done.changed).toBe(before !== after);
  }); // biome-ignore format: a table

  test.each<[string, JsonObject, string, string]>([
    ['a brace too many', {}, '{\n  "a": 1,\n  }}\n', '/f: 3:4 is not JSON, invalid character \'}\': }}'],
    ['a string without end', {}, '{\n  "a": "x\n}\n', '/f: 2:10 is not JSON, invalid character \'\\n\': "a": "x'],
    ['an early end', {}, '{"a": [1', '/f: 1:9 is not JSON, invalid end of input: {"a": [1'],
    ['a comment in JSON', { format: 'json' }, '{\n  // x\n  "a": 1\n}', '/f: 2:3 is not JSON, invalid comment token: // x'],
    ['single quotes in JSON with comments', { format: 'jsonc' }, "{'a': 1}", "/f: 1:2 is not JSON with comments, invalid symbol: {'a': 1}"],
    ['no mapping', { merge: { a: 1 } }, '[1]', '/f: the file contains a list, so nothing can be merged into it'],
    ['a string in the way', { set: [{ path: 'a.b', value: 1 }] }, '{"a": "x"}', '/f: a is a string, not a mapping'],
    ['an entry too far', { set: [{ path: 'a[2]', value: 1 }] }, '{"a": [1]}', '/f: a has 1 entries, so there can be no [2] yet'],
  ])('%s is refused, and the line is quoted', (_what, args, before, failed) => {
    expect(edited(json, { merge: { z: 1 }, ...args }, before).failed).toBe(failed);
  }); // biome-ignore format: a table

  test.each<[JsonObject, string]>([
    [{}, 'nothing is to be done: give merge, set or remove'],
    [{ remove: ['a[0]'] }, 'a[0] would remove another entry at every run'],
    [{ set: [{ path: 'a..b', value: 1 }] }, "the path a..b can't be read from its character 2 on"],
    [{ merge: {}, list_key: 'x' }, 'list_key is for lists: append_unique'],
  ])('%j is refused', (args, message) => {
    expect(json.misuse?.(complete(json, { path: '/f', ...args }))?.message).toBe(message);
  });

  test('the title names what differs', () => {
    expect(edited(json, { merge: { a: { b: 1 }, c: 2 } }, '{"c":2}').title).toBe('change a in /f');
    expect(edited(json, { merge: { a: 1, b: 1, c: 1, d: 1, 'e.f': 1 } }, '{}').title).toBe(
      'change a, b, c and 2 more in /f',
    );
  });

  test('a volume of Compose is identified by its target', () => {
    const change: ValueChange = {
      lists: 'append_unique',
      list_key: 'target',
      merge: { v: ['/new:/data:ro', { target: '/x', type: 'tmpfs' }, 'c:/c'] },
    };
    expect(changedValue({ v: ['/old:/data', '/x', { target: '/c', source: 'c' }] }, change)).toEqual({
      v: ['/new:/data:ro', { target: '/x', type: 'tmpfs' }, 'c:/c'],
    });
  });
});

describe('paths of values', () => {
  test.each([
    ['a', ['a']],
    ['a.b[0].c', ['a', 'b', 0, 'c']],
    ['[1]', [1]],
    ['a["x.y"][\'"\'].0', ['a', 'x.y', '"', '0']],
    ['log-driver.max size', ['log-driver', 'max size']],
  ])('%s', (text, path) => {
    expect(pathOf(text)).toEqual(path);
  });
  test('any path is read as it was written', () => {
    const path = fc.array(fc.oneof(fc.nat(), fc.string({ unit: 'grapheme' })), { minLength: 1 });
    fc.assert(
      fc.property(path, (one) => {
        expect(pathOf(pathText(one))).toEqual(one);
      }),
    );
  });
});

/** Writes a value as a person might: blanks, comments, quotes and commas as the dice fall. */
function written(one: Json, format: JsonFormat, dice: () => number, depth = 0): string {
  const pick = <T>(...all: readonly T[]): T => all[dice() % all.length] as T;
  const gap = (): string => {
    const blank = pick('', ' ', '\n', `\n${'  '.repeat(depth)}`, '\t');
    return format === 'json' ? blank : pick(blank, blank, blank, '/* c */', ' // c\n', '\n // "x": [\n  ');
  };
  if (typeof one === 'string') {
    const text = JSON.stringify(one);
    return format === 'json5' && dice() % 2 === 0
      ? `'${text.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
      : text;
  }
  if (one === null || typeof one !== 'object') return JSON.stringify(one);
  const list = Array.isArray(one);
  const parts = list
    ? one.map((inner: Json) => written(inner, format, dice, depth + 1))
    : Object.entries(one).map(([key, inner]) => {
        const bare = format === 'json5' && /^[a-z]+$/.test(key) && dice() % 2 === 0;
        const head = bare ? key : written(key, format, dice);
        return `${head}${gap()}:${gap()}${written(inner, format, dice, depth + 1)}`;
      });
  const comma = parts.length > 0 && format !== 'json' && dice() % 3 === 0 ? `,${gap()}` : '';
  const inside = parts.map((part) => gap() + part + gap()).join(',') + comma;
  return list ? `[${inside || gap()}]` : `{${inside || gap()}}`;
}

describe.each<JsonFormat>(['json', 'jsonc', 'json5'])('any %s', (format) => {
  const styled = fc.tuple(anyObject, fc.array(fc.nat(1000), { minLength: 40, maxLength: 60 })).map(([one, rolls]) => {
    let i = 0;
    return { value: one, text: written(one, format, () => rolls[i++ % rolls.length] ?? 0) };
  });
  const read = (text: string): Json => (format === 'json' ? JSON.parse(text) : parseJson5(text));
  const changed = (text: string, change: Partial<ValueChange>): string => {
    const done = editedJson(text, { lists: 'replace', ...change }, format, '  ');
    if ('failed' in done) throw new Error(done.failed);
    return done.text;
  };

  test('is equal to the value from which it was written', () => {
    fc.assert(
      fc.property(styled, (one) => {
        expect(sameValue(read(one.text), one.value)).toBe(true);
      }),
    );
  });

  test('is changed to any other, and is then unchanged', () => {
    fc.assert(
      fc.property(styled, anyObject, fc.boolean(), (one, wanted, unique) => {
        const change: ValueChange = { merge: wanted, lists: unique ? 'append_unique' : 'replace' };
        const made = changed(one.text, change);
        expect(sameValue(read(made), changedValue(one.value, change))).toBe(true);
        expect(changed(made, change)).toBe(made);
      }),
      { numRuns: 300 },
    );
  });

  test('has one value replaced with any other, and nothing else changed', () => {
    fc.assert(
      fc.property(styled, anyValue, anyName, (one, wanted, key) => {
        const made = changed(one.text, { set: [{ path: pathText([key]), value: wanted }] });
        const others = Object.entries(one.value).filter(([other]) => other !== key);
        expect(sameValue(read(made), Object.fromEntries([...others, [key, wanted]]))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('has keys removed, and nothing else changed', () => {
    fc.assert(
      fc.property(styled, fc.array(anyName, { minLength: 1, maxLength: 3 }), (one, keys) => {
        const made = changed(one.text, { remove: keys.map((key) => pathText([key])) });
        const left = Object.entries(one.value).filter(([key]) => !keys.includes(key));
        expect(sameValue(read(made), Object.fromEntries(left))).toBe(true);
        expect(one.text.length).toBeGreaterThanOrEqual(made.length);
      }),
      { numRuns: 300 },
    );
  });

  test('keeps every comment and every other line when a value is inserted', () => {
    fc.assert(
      fc.property(styled, (one) => {
        const made = changed(one.text, { set: [{ path: 'put', value: 'in' }] });
        const kept = made.replace(/,?\s*(?:"put"|'put'|put):\s*["']in["'],?/, '');
        const plain = (text: string): string => text.replace(/[\s,]/g, '');
        expect(plain(kept)).toBe(plain(one.text));
      }),
      { numRuns: 300 },
    );
  });
});
