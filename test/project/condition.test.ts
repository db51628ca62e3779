import { describe, expect, test } from 'vitest';
import type { Evaluated, Value } from '../../src/core/playbook.ts';
import { Secret } from '../../src/core/secret.ts';
import { type CompiledCondition, compileCondition, compileConditions } from '../../src/project/template/condition.ts';
import { entryOf } from '../../src/project/yaml/yaml-file.ts';
import { errorsOf, given, yaml } from './project.ts';

function condition(source: string): CompiledCondition {
  const node = entryOf(yaml(`when: ${source}`), 'when')?.value;
  if (node === undefined) throw new Error('empty');
  return compileCondition(node, '"when"');
}

const values: Record<string, Value> = {
  n: 4,
  f: 2.5,
  on: true,
  off: false,
  name: 'web',
  items: [1, 2, 3],
  box: { a: 5, s: 'x' },
  nothing: null,
  token: new Secret('s3cret'),
  facts: { disk: { used_percent: 86 }, os: { family: 'debian' } },
};

const truth = (source: string, pending: readonly string[] = []): Evaluated<boolean> =>
  condition(source).evaluate(given(values, pending));

describe('a condition', () => {
  test.each([
    ['true', true],
    ['false', false],
    ['on', true],
    ['n % 2 == 0', true],
    ['n == 4 && f > 2.0', true],
    ['f > 2', true],
    ['n > 4.5', false],
    ['facts.disk.used_percent > 85', true],
    ['facts.os.family == "debian"', true],
    ["name == 'web'", true],
    ['"!off"', true],
    ['items.exists(x, x == 2)', true],
    ['items.all(x, x > 1)', false],
    ['items.filter(x, x > 1).size() == 2', true],
    ['size(items) == 3', true],
    ['2 in items', true],
    ['"\'a\' in box"', true],
    ['has(box.a) && box.a == 5', true],
    ['has(box.b)', false],
    ['nothing == null', true],
    ['name.startsWith("w") && name.matches("^w.b$")', true],
    ['token == "s3cret"', true],
    ['"n > 3 ? on : off"', true],
    ['cel.bind(m, box.a, m > 4 && m < 6)', true],
  ] as const)('%s is %s', (source, value) => {
    expect(truth(source)).toEqual({ kind: 'value', value });
  });

  test.each([
    ['later && off', { kind: 'value', value: false }],
    ['off && later', { kind: 'value', value: false }],
    ['later || on', { kind: 'value', value: true }],
    ['on || later', { kind: 'value', value: true }],
    ['later.rc == 0 && on', { kind: 'pending', names: ['later'] }],
    ['later || off', { kind: 'pending', names: ['later'] }],
    ['"!later"', { kind: 'pending', names: ['later'] }],
    ['has(later.x)', { kind: 'pending', names: ['later'] }],
    ['later.rc == 0 && box.nope == 1', { kind: 'pending', names: ['later'] }],
    ['items.exists(x, x == 3 || later)', { kind: 'value', value: true }],
    ['"on ? off : later"', { kind: 'value', value: false }],
  ])('with a pending side, %s is decided only by the other one', (source, outcome) => {
    expect(truth(source, ['later'])).toEqual(outcome);
  });

  test("names what it needs, and neither its own names nor CEL's", () => {
    const found = condition(
      'items.exists(x, x == y && type(z) == int) || has(a.b) || cel.bind(t, u, t > v) || zz && false',
    );
    expect(found.inputs).toEqual(['items', 'y', 'z', 'a', 'u', 'v', 'zz']);
  });

  test('reports the location of each name', () => {
    const [, second] = condition('"n > 1 && zz"').references;
    expect(second?.at).toMatchObject({ line: 1, column: 17, text: 'when: "n > 1 && zz"' });
  });

  test('that is a list is true if all its items are true', () => {
    const node = entryOf(yaml('when:\n  - n > 1\n  - off\n'), 'when')?.value;
    expect(node && compileConditions(node, '"when"').map((one) => one.evaluate(given(values)))).toEqual([
      { kind: 'value', value: true },
      { kind: 'value', value: false },
    ]);
  });
});

describe('a wrong condition', () => {
  test.each([
    ['an unfinished one', 'n >', /^unexpected token.*\n {2}x\.yml:1:10\n {2}when: n >\n {11}\^/],
    ['a single =', 'n = 4', /\n {2}equality is written ==$/],
    ['an index after a dot', 'xs.0 == 1 and on', /x\.yml:1:10\n.*\n.*\n {2}an index is written list\[0\]$/],
    ['words for operators', 'on and off', /x\.yml:1:10\n.*\n.*\n {2}CEL writes && for and, \|\| for or, ! for not$/],
    ["Jinja's test", 'name is defined', /every variable must be defined/],
    ['a filter', 'name | length > 1', /CEL has functions and no filters/],
    [
      'a template',
      '"{{ on }}"',
      /^"when" contains \{\{ \}\}\n {2}x\.yml:1:8\n.*\n.*\n {2}a condition is an expression already: write the name bare$/,
    ],
    ['types that never fit', '1 + "a" == 2', /^no such overload: int \+ string\n {2}x\.yml:1:7/],
    ['an unknown function', 'nope(n)', /^found no matching overload for 'nope\(dyn\)'\n {2}x\.yml:1:7/],
    ['a number', '1 + 1', /^"when" gives an integer, not a boolean/],
    ['a YAML number', '5', /^"when" must be a condition/],
    ['nothing', '""', /^"when" is empty/],
  ])('%s is refused before the run', async (_, source, error) => {
    expect(await errorsOf(() => condition(source))).toMatch(error);
  });

  test.each([
    [
      'a missing member',
      'n > 1 && box.nope == 1',
      'no such key: nope\n  x.yml:1:20\n  when: n > 1 && box.nope == 1\n                     ^\n  ask whether it is there first: has(a.b) && a.b == 1',
    ],
    [
      'a string as the result',
      'name',
      '"when" gives a string, not a boolean\n  x.yml:1:7\n  when: name\n        ^\n  write a comparison, such as x == 1',
    ],
    [
      'types that do not fit',
      'n + f > 2',
      'no such overload: dyn<int> + dyn<double>\n  x.yml:1:7\n  when: n + f > 2\n        ^\n  convert one side: double(n), or write 1.0',
    ],
    ['an undefined name', 'nope == 1', '"nope" is not defined'],
  ])('%s is reported when it is evaluated', async (_, source, error) => {
    expect(await errorsOf(() => truth(source))).toContain(error);
  });

  test('never shows a secret', async () => {
    expect(await errorsOf(() => truth('int(token) == 1'))).not.toContain('s3cret');
  });
});
