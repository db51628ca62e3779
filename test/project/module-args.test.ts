import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { ModuleSchema } from '../../src/core/playbook.ts';
import { Secret } from '../../src/core/secret.ts';
import { checkArgs } from '../../src/project/schema/module-args.ts';
import { violations } from '../../src/project/schema/schema-check.ts';
import { surelyValid } from '../../src/project/schema/schema-fast.ts';
import fc from '../samples.ts';
import { catalogue, errorsOf } from './project.ts';

const at = { file: 'x.yml', line: 1, column: 3, text: '- copy:' };
const places = { mode: { file: 'x.yml', line: 2, column: 9, text: '  mode: "{{ m }}"' } };
const copy = (): ModuleSchema => {
  const found = catalogue.get('copy');
  if (found === undefined) throw new Error('no copy');
  return found;
};

describe('rendered arguments', () => {
  test('get the defaults of the schema', async () => {
    expect(await checkArgs(copy(), { dest: '/x' }, {}, at)).toEqual({ dest: '/x', backup: false, state: 'present' });
  });
  test('keep their secrets', async () => {
    const secret = new Secret('s3cret');
    const args = await checkArgs(copy(), { dest: '/x', content: secret }, {}, at);
    expect(args['content']).toBe(secret);
  });
  test('are checked strictly, at the location of the argument', async () => {
    expect(await errorsOf(() => checkArgs(copy(), { dest: '/x', mode: 420 }, places, at))).toBe(
      'copy: "mode" must be a string: a mode is written in quotes\n  x.yml:2:9\n    mode: "{{ m }}"\n          ^\n  YAML reads a bare 420 as a number: write mode: "0644"',
    );
    expect(await errorsOf(() => checkArgs(copy(), {}, places, at))).toContain('copy needs "dest"\n  x.yml:1:3');
  });
  test('never show a secret in an error', async () => {
    expect(await errorsOf(() => checkArgs(copy(), { dest: new Secret('s3cret') }, {}, at))).not.toContain('s3cret');
  });
  test('lack the conditions, which were checked before', async () => {
    const assert = catalogue.get('assert');
    expect(assert && (await checkArgs(assert, { msg: 'x' }, {}, at))).toEqual({ msg: 'x' });
  });
});

describe('the quick check', () => {
  const scalar = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.integer({ min: -2, max: 5 }),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const value = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value;
  const schema = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 2 },
      fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'array', 'object', 'null') }),
      fc.record({ enum: fc.uniqueArray(fc.constantFrom<Json>('a', 1, true, null), { minLength: 1 }) }),
      fc.record({ minimum: fc.integer({ min: 0, max: 3 }) }),
      fc.record(
        {
          type: fc.constant('string'),
          minLength: fc.integer({ min: 0, max: 2 }),
          pattern: fc.constantFrom('^a', '[0-9]', '^$'),
        },
        { requiredKeys: ['type'] },
      ),
      fc.record(
        { type: fc.constant('array'), items: tie('schema'), minItems: fc.integer({ min: 0, max: 2 }) },
        { requiredKeys: ['type'] },
      ),
      fc.record(
        {
          type: fc.constant('object'),
          properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), { maxKeys: 2 }),
          required: fc.subarray(['a', 'b']),
          additionalProperties: fc.constantFrom<Json>(true, false, { type: 'string' }),
        },
        { requiredKeys: ['type'] },
      ),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ not: tie('schema') }),
    ),
  })).schema;

  test('accepts only what ajv accepts', () => {
    const ajv = new Ajv({ strict: false });
    fc.assert(
      fc.property(schema, value, (one, given) => {
        if (surelyValid(one, given)) expect(ajv.validate(one, given)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
  test('accepts values that are not known yet only if ajv has no error that would be reported', async () => {
    const isUnknown = (given: Json, path: readonly string[]): boolean => {
      const [first, ...rest] = path;
      if (first === undefined) return given === 'x';
      if (typeof given !== 'object' || given === null) return false;
      const member = new Map(Object.entries(given)).get(first);
      return member !== undefined && isUnknown(member, rest);
    };
    const holey = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        fc.constantFrom<Json>('x', 'a', 1),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    await fc.assert(
      fc.asyncProperty(schema, holey, async (one, given) => {
        const unknownAt = (path: readonly string[]) => isUnknown(given, path);
        if (!surelyValid(one, given, unknownAt)) return;
        // A keyword that the quick check does not know sends everything to ajv.
        expect(await violations({ ...(one as JsonObject), unheardOf: true }, given, unknownAt)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
  test('accepts valid arguments in schemas of modules', () => {
    expect(
      surelyValid(
        { ...copy().schema, additionalProperties: false },
        { dest: '/x', mode: '0644', items: [{ name: 'a' }] },
      ),
    ).toBe(true);
  });
});
