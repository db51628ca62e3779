import { expect, test } from 'vitest';
import { isSelected, tagChoice } from '../../src/project/playbook/tags.ts';

test.each([
  ['', '', '', true],
  ['a', '', '', true],
  ['a', 'a', '', true],
  ['a,b', 'b,c', '', true],
  ['a', 'b', '', false],
  ['', 'b', '', false],
  ['always', 'b', '', true],
  ['always', '', 'always', false],
  ['never', '', '', false],
  ['never,a', 'a', '', true],
  ['never,a', 'all', '', false],
  ['never', 'never', '', true],
  ['', 'untagged', '', true],
  ['a', 'untagged', '', false],
  ['a', 'tagged', '', true],
  ['', 'tagged', '', false],
  ['a', 'all', '', true],
  ['a', '', 'a', false],
  ['a', 'a', 'a', false],
  ['a', '', 'b', true],
  ['always,a', '', 'a', false],
  ['a', '', 'tagged', false],
  ['', '', 'untagged', false],
])('tags [%s] with --tags "%s" --skip-tags "%s": %s', (tags, wanted, skip, selected) => {
  expect(isSelected(tags === '' ? [] : tags.split(','), tagChoice([wanted], [skip]))).toBe(selected);
});
