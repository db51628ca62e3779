import { expect, test } from 'vitest';
import { loopLookups } from '../../src/project/playbook/loop-lookups.ts';

const at = { file: 'tasks/site.yml', line: 1, column: 1 };
const items = (keyword: string, value: string): string =>
  JSON.stringify(loopLookups[keyword]?.(JSON.parse(value), at) ?? 'no such keyword');

// The items are those of ansible-playbook 2.14.18.
test.each<[string, string, string]>([
  ['with_indexed_items', '["a", ["b", "c"], [["d"]]]', '[[0,"a"],[1,"b"],[2,"c"],[3,["d"]]]'],
  ['with_nested', '[["a", "b"], [1, 2]]', '[["a",1],["a",2],["b",1],["b",2]]'],
  ['with_nested', '[["a", ["b", "c"]], "x", [1]]', '[["a","x",1],["b","c","x",1]]'],
  ['with_nested', '[["a", "b"], []]', '[]'],
  ['with_together', '[["a", "b"], [1, 2, 3]]', '[["a",1],["b",2],[null,3]]'],
  ['with_together', '[[["a", "b"], "c"], [1]]', '[["a","b",1],["c",null]]'],
  ['with_subelements', '[[{"n": "x", "k": [1, 2]}, {"n": "y", "k": []}], "k"]', '[[{"n":"x"},1],[{"n":"x"},2]]'],
  [
    'with_subelements',
    '[[{"n": "x"}, {"n": "z", "a": {"k": [3]}}], "a.k", {"skip_missing": true}]',
    '[[{"n":"z","a":{}},3]]',
  ],
  ['with_subelements', '[{"p": {"l": [1]}, "q": {"l": [2, 3]}}, "l"]', '[[{},1],[{},2],[{},3]]'],
  ['with_sequence', '"start=4 end=16 stride=4"', '["4","8","12","16"]'],
  ['with_sequence', '"count=3"', '["1","2","3"]'],
  ['with_sequence', '"start=0 end=2 format=bot%02d"', '["bot00","bot01","bot02"]'],
  ['with_sequence', '"5-8"', '["5","6","7","8"]'],
  ['with_sequence', '"2-10/4"', '["2","6","10"]'],
  ['with_sequence', '"start=3 end=1 stride=-1"', '["3","2","1"]'],
  ['with_sequence', '"4:host%02d"', '["host01","host02","host03","host04"]'],
  ['with_sequence', '"start=0x0f end=0x11 format=%04x"', '["000f","0010","0011"]'],
  ['with_sequence', '"start=2 count=3 stride=5"', '["2","7","12"]'],
  ['with_sequence', '"count=0"', '[]'],
])('%s: %s', (keyword, value, wanted) => {
  expect(items(keyword, value)).toBe(wanted);
});

test.each<[string, string, string]>([
  ['with_nested', '[]', 'must be a list of lists'],
  ['with_together', '{"a": 1}', 'must be a list of lists'],
  ['with_subelements', '[[{"n": "x"}], "k"]', '"k" is missing in an item'],
  ['with_subelements', '[[{"k": "x"}], "k", {"skip_missing": true}]', '"k" must be a list, not a string'],
  ['with_subelements', '[[{"k": []}]]', 'must be a list of mappings, and a key'],
  ['with_sequence', '"start=3 end=1"', 'counts away from its end'],
  ['with_sequence', '"start=1 end=3 stride=-1"', 'counts away from its end'],
  ['with_sequence', '"start=1"', 'needs an end or a count'],
  ['with_sequence', '"end=1 count=1"', 'needs an end or a count'],
  ['with_sequence', '"end=many"', 'needs a whole number as end'],
  ['with_sequence', '"till=3"', 'has no "till=3"'],
  ['with_sequence', '"end=3 format=x"', 'does not know the format "x"'],
  ['with_sequence', '"end=1000000"', 'has more than 100000 items'],
])('%s: %s is an error', (keyword, value, message) => {
  expect(() => items(keyword, value)).toThrow(message);
});
