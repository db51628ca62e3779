import type { Json, JsonObject } from '../../src/core/json.ts';
import fc from '../samples.ts';

/** Names that have made trouble somewhere. */
export const anyName: fc.Arbitrary<string> = fc.constantFrom(
  'a', 'b', 'c', 'x-y', 'it\'s "q"', '', '__proto__', 'é', 'constructor', 'no', '0x1', '1', '- a', 'a: b', '#', '<<<',
); // biome-ignore format: a table

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null, true, 0, -1.5, 1e21, '', 'x', "it's", '"', '\\', '// no comment', '}', ',', '\n\u2028', 'yes', '0o17', '1e3',
    'null', '~', '- x', 'a: b', 'a #b', ' lead', 'trail ', 'two\nlines', 'two\nlines\n', '\n\nx\n\n', '  deep\nx\n', '*a', '&a',
    '!t', '2001-01-01', '1:30', '\t', '{', '[', '%', '@', '`', '? x', '|', '>', '...', '---',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
); // biome-ignore format: a table

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(anyName, tie('value')), { maxLength: 3, selector: ([one]) => one })
      .map((all) => Object.fromEntries(all)),
  ),
}));

/** Any JSON value. */
export const anyValue: fc.Arbitrary<Json> = value;

/** Any JSON object. */
export const anyObject: fc.Arbitrary<JsonObject> = fc
  .uniqueArray(fc.tuple(anyName, anyValue), { maxLength: 4, selector: ([one]) => one })
  .map((all): JsonObject => Object.fromEntries(all));
