import { describe, expect, test } from 'vitest';
import { pythonRegexp } from '../../src/modules/text/python-regexp.ts';

describe('regular expressions of Python', () => {
  test.each([
    ['(?P<a>x)(?P=a)', 'xx'],
    ['\\Ax\\Z', 'x'],
    ['(?i)X', 'x'],
    ['(?s)a.b', 'a\nb'],
    ['a{,2}b', 'aab'],
    ['a{b}', 'a{b}'],
    ['{{ name }}', '{{ name }}'],
    ['[]a]+', ']a'],
    ['[^]]', 'a'],
    ['\\-\\#\\"\\ \\=\\@', '-#" =@'],
    ['[\\-\\#]+', '-#'],
    ['x(?# a comment)y', 'xy'],
    ['\\U0001F600.', '😀😀'],
    ['a]', 'a]'],
    ['(?:a|b)(?=c)c(?<=c)(?<!d)', 'bc'],
    ['a+?b*?c??', 'a'],
    ['\\u00e4', 'ä'],
    ['a\\/b', 'a/b'],
    ['[[a]', '['],
    ['(?<n>a)\\1', 'aa'],
    ['a{2}?a', 'aaa'],
  ])('%s matches %j', (source, text) => {
    expect(pythonRegexp(source).exec(text)?.[0]).toBe(text);
  });

  test.each([
    ['a++', 'possessive quantifiers are not known here'],
    ['a{2}+', 'possessive quantifiers are not known here'],
    ['(?>a)', 'atomic groups (?>...) are not known here'],
    ['(a)(?(1)b|c)', 'conditions (?(1)...) are not known here'],
    ['(?x) a', 'the flag x is not known here'],
    ['a(?i)b', 'flags that are not at the start are not known here'],
    ['(?i:a)', 'flags for a part are not known here'],
    ['[[:space:]]', '[:space:] is not known here'],
    ['\\ya', '\\y is not known here'],
    ['[a', 'a [ is never closed'],
    ['a\\', 'it ends in a backslash'],
    ['*a', 'nothing to repeat'],
    ['(a', 'unterminated group'],
    ['(a)\\2', 'invalid escape'],
  ])('%s: %s', (source, why) => {
    expect(() => pythonRegexp(source)).toThrow(`the regular expression ${source} can't be used: ${why}`);
  });
});
