import { describe, expect, test } from 'vitest';
import { sourceFile } from '../../src/project/yaml/source-file.ts';
import { type Node, parseYaml, plainValue } from '../../src/project/yaml/yaml-file.ts';
import { errorsOf, yaml } from './project.ts';

const parse = (text: string): Node | undefined => parseYaml(sourceFile('/p/x.yml', 'x.yml', text));

describe('a YAML file', () => {
  test.each([
    [
      'texts, numbers, booleans and null',
      'a: x\nb: 1\nc: 1.5\nd: true\ne:\nf: ~\n',
      { a: 'x', b: 1, c: 1.5, d: true, e: null, f: null },
    ],
    ['yes and no are texts', 'a: yes\nb: no\n', { a: 'yes', b: 'no' }],
    ['a bare 0644 is the number 644', 'mode: 0644\n', { mode: 644 }],
    ['keys that are numbers become texts', '8080: web\n', { '8080': 'web' }],
    ['anchors and aliases', 'a: &x [1, 2]\nb: *x\n', { a: [1, 2], b: [1, 2] }],
    [
      'merges, in which the own key wins',
      'a: &x { p: 1, q: 2 }\nb:\n  <<: *x\n  q: 3\n',
      { a: { p: 1, q: 2 }, b: { q: 3, p: 1 } },
    ],
    ['line ends of Windows', 'a: |\r\n  one\r\n  two\r\nb: 2\r\n', { a: 'one\ntwo\n', b: 2 }],
    ['a byte order mark', '\uFEFFa: 1\n', { a: 1 }],
  ])('reads %s', (_, text, value) => {
    const node = parse(text);
    expect(node && plainValue(node)).toEqual(value);
  });

  test('that is empty gives nothing', () => {
    expect(parse('# only a comment\n')).toBeUndefined();
  });

  test.each([
    [
      'a key given twice',
      'a: 1\nb: 2\na: 3\n',
      'key "a" is given twice\n  x.yml:3:1\n  a: 3\n  ^\n  keep one of the two',
    ],
    ['a tab', 'a:\n\tb: 1\n', 'a tab is used for indentation\n  x.yml:2:1\n  \tb: 1\n  ^\n  indent with spaces'],
    [
      'a bare template',
      'dest: {{ path }}\n',
      'a key is not a string\n  x.yml:1:8\n  dest: {{ path }}\n         ^\n  a value that begins with {{ is written in quotes: "{{ name }}"',
    ],
    [
      'a bare template with more behind it',
      'dest: {{ path }}/x\n',
      'unexpected scalar at node end\n  x.yml:1:17\n  dest: {{ path }}/x\n                  ^\n  a value that begins with {{ is written in quotes: "{{ name }}"',
    ],
    [
      'a string that holds a colon',
      'name: this: that\n',
      'a mapping begins where a string is expected\n  x.yml:1:7\n  name: this: that\n        ^\n  put a string that contains ": " in quotes, or check the indentation',
    ],
    [
      'an alias of nothing',
      'a: *nope\n',
      'there is no anchor &nope\n  x.yml:1:4\n  a: *nope\n     ^\n  define it before its use',
    ],
    [
      'a second document',
      'a: 1\n---\nb: 2\n',
      'the file contains more than one document\n  x.yml:2:1\n  ---\n  ^\n  remove the second "---"',
    ],
    [
      'an unknown tag',
      'a: !vault x\n',
      'unknown tag !vault\n  x.yml:1:4\n  a: !vault x\n     ^\n  heal knows !secret-env and !secret-file',
    ],
    [
      'a number that would be rounded',
      'a: 12345678901234567890\n',
      '12345678901234567890 is too large for a number\n  x.yml:1:4\n  a: 12345678901234567890\n     ^\n  put it in quotes',
    ],
  ])('with %s is refused', async (_, text, error) => {
    expect(await errorsOf(() => parse(text))).toBe(error);
  });

  test('with several duplicate keys reports all of them', async () => {
    expect(await errorsOf(() => parse('a: 1\na: 2\nb: 1\nb: 2\n'))).toContain('key "a" is given twice');
    expect(await errorsOf(() => parse('a: 1\na: 2\nb: 1\nb: 2\n'))).toContain('key "b" is given twice');
  });
});

describe('the location of a character', () => {
  // The caret must stand below the X of each text.
  test.each([
    ['plain', 'a: one X two\n'],
    ['plain over lines', 'a: one\n  two X\n'],
    ['single quotes', "a: 'it''s X'\n"],
    ['double quotes', 'a: "tab\\t and \\u00e9 X"\n'],
    ['double quotes over lines', 'a: "one\n  two X"\n'],
    ['double quotes with joined lines', 'a: "one\\\n  two X"\n'],
    ['literal', 'a: |\n  one\n  two X\n'],
    ['literal with deeper lines', 'a: |\n  one\n    two X\n'],
    ['literal with indentation given', 'a: |2\n    one\n  two X\n'],
    ['folded', 'a: >-\n  one\n  two X\n\n  three\n'],
    ['the first character', 'a: X\n'],
    ['the first character of a literal', 'a: |\n  X one\n'],
    ['an item', '- one\n- two X\n'],
  ])('in %s is found', (_, text) => {
    const node = yaml(text);
    const scalar = node.kind === 'map' ? node.entries[0]?.value : node.kind === 'list' ? node.items[1] : undefined;
    if (scalar?.kind !== 'scalar' || typeof scalar.value !== 'string') throw new Error('no text');
    const place = scalar.placeOf(scalar.value.indexOf('X'));
    expect(place.text?.[place.column - 1]).toBe('X');
  });
});
