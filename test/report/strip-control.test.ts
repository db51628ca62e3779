import { describe, expect, test } from 'vitest';
import { masker, Secret } from '../../src/core/secret.ts';
import { cleaner } from '../../src/report/clean.ts';
import { oneLine, stripControl } from '../../src/report/strip-control.ts';
import fc from '../samples.ts';

describe('control characters in the output of a host are removed', () => {
  test.each([
    ['plain text stays', 'a b\tc\nd', 'a b\tc\nd'],
    ['letters of other languages stay', 'Grüße 日本 🙂', 'Grüße 日本 🙂'],
    ['colours', '\x1b[31mred\x1b[0m', 'red'],
    ['colours by semicolons and colons', '\x1b[38;2;1;2;3mx\x1b[4:3my', 'xy'],
    ['the cursor that climbs up', 'ok\x1b[3A\x1b[2Kfake', 'okfake'],
    ['a title, ended by BEL', '\x1b]0;title\x07text', 'text'],
    ['a link, ended by ST', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['a title that never ends keeps its text', '\x1b]0;title\nnext', '0;title\nnext'],
    ['a device control string', 'a\x1bPq#0;1\x1b\\b', 'ab'],
    ['8-bit CSI', '\x9b31mred', 'red'],
    ['a reset of the terminal', '\x1bcx', 'x'],
    ['a charset', '\x1b(0x', 'x'],
    ['a lone escape', 'a\x1b', 'a'],
    ['NUL, BEL, backspace and DEL', 'a\x00\x07\x08\x7fb', 'ab'],
    ['line ends of Windows', 'a\r\nb', 'a\nb'],
    ['a progress bar', '10%\r20%\r', '10%\n20%\n'],
    ['writing that turns around', 'a\u202eb\u2066c\u200fd', 'abcd'],
    ['what has no width', 'a\u200b\ufeffb', 'ab'],
    ['line separators of Unicode', 'a\u2028b', 'ab'],
  ])('%s', (_name, text, wanted) => {
    expect(stripControl(text)).toBe(wanted);
  });

  test('the result of any string has no control character', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\x1b[', '\x1b]', '\x9b', '\x1bP', '\x07', '\r'),
    );
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        expect(stripControl(parts.join(''))).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  test('one line stays one line', () => {
    expect(oneLine(' a\n  b\tc\r\nd ')).toBe('a b c d');
  });
});

describe('secrets', () => {
  const clean = cleaner(masker([new Secret('hunter22'), new Secret('-----KEY-----\nabcdefgh\n-----END-----')]));

  test.each([
    ['in the middle', 'password=hunter22!', 'password=***!'],
    ['with an escape sequence inside', 'hun\x1b[1mter22', '***'],
    ['with a zero inside', 'hun\x00ter22', '***'],
    ['of several lines', 'x\n-----KEY-----\nabcdefgh\n-----END-----\ny', 'x\n***\ny'],
  ])('%s', (_name, text, wanted) => {
    expect(clean.text(text)).toBe(wanted);
  });

  test('a secret of several lines is masked in one line, too', () => {
    expect(clean.line('k: -----KEY-----\nabcdefgh\n-----END-----')).toBe('k: ***');
  });
});

// What is not linear takes minutes on a text of this size, and the test's own limit ends it.
test.each([
  ['beginnings of a title', '\x9d'],
  ['beginnings of a title, of two bytes', '\x1b]'],
  ['beginnings of a device control string', '\x90'],
  ['beginnings of different strings', '\x90\x98\x9e\x9f'],
  ['beginnings of a colour', '\x9b'],
  ['parameters of a colour', ';'],
  ['newlines', '\n'],
  ['blanks', ' '],
  ['blanks of other languages', '\u3000\t'],
  ['carriage returns', '\r'],
])('a MiB of %s is stripped at once', (_name, unit) => {
  const text = `a\x9b${unit.repeat(2 ** 20 / unit.length)}x`;
  expect(oneLine(text).length).toBeLessThanOrEqual(text.length);
  expect(stripControl(`${text}\x1b[`)).toMatch(/^a/);
});
