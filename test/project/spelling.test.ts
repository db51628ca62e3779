import { describe, expect, test } from 'vitest';
import { closest, didYouMean, listed } from '../../src/project/yaml/spelling.ts';

describe('a misspelt word', () => {
  test.each([
    ['notfy', ['name', 'notify', 'no_log'], 'notify'],
    ['becom_user', ['become', 'become_user'], 'become_user'],
    ['When', ['when'], 'when'],
    ['wehn', ['when'], 'when'],
    ['xyz', ['abc'], undefined],
    ['a', ['b'], 'b'],
    ['command', ['command'], undefined],
  ])('%s among %j is meant as %s', (word, candidates, meant) => {
    expect(closest(word, candidates)).toBe(meant);
  });
  test('gives a hint', () => {
    expect(didYouMean('wehn', ['when'])).toBe('did you mean "when"?');
    expect(didYouMean('q', ['when'], 'x')).toBe('x');
  });
});

test('names are listed for a sentence', () => {
  expect(listed([])).toBe('');
  expect(listed(['a'])).toBe('a');
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  expect(listed(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
});
