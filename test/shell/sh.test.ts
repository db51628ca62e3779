import { afterAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { Sh } from '../../src/core/sh.ts';
import { insideQuotes } from '../../src/shell/quoting.ts';
import { joinSh, sh, unquotedLiteralScript } from '../../src/shell/sh.ts';
import { runSync } from '../child.ts';
import fc from '../samples.ts';
import { shells } from './shells.ts';

const { all, remove } = shells();
afterAll(remove);

/** Any text that has a UTF-8 form and no NUL. */
const anyText = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '!', '#', '*', '~', '\x81', '\x88', '\r') }),
  )
  .filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));

describe('sh', () => {
  const cases: [string, Sh, string][] = [
    ['a string is one quoted word', sh`stat -- ${'a b'}`, "stat -- 'a b'"],
    ['a quote inside a string is kept', sh`echo ${"it's"}`, "echo 'it'\\''s'"],
    ['an empty string is an empty word', sh`echo ${''}`, "echo ''"],
    ['a number is a quoted word', sh`echo ${2}>x`, "echo '2'>x"],
    ['shell text stands as it is', sh`a; ${sh`b | c`}`, 'a; b | c'],
    ['an array is its elements', sh`rm -- ${['a', 'b c', 3]}`, "rm -- 'a' 'b c' '3'"],
    ['an empty array is nothing', sh`rm -- ${[]}`, 'rm -- '],
    ['backslashes reach the shell', sh`printf '%s\n' "\$" ${'\\n'}`, "printf '%s\\n' \"\\$\" '\\n'"],
    ['a shell variable in braces is written with a backslash', sh`echo "\${x}" \`y\``, 'echo "${x}" `y`'],
    [
      'shared indentation goes, values stay',
      sh`
        if true; then
          echo ${'a\n        b'}
        fi
      `,
      "if true; then\n  echo 'a\n        b'\nfi\n",
    ],
    [
      'a line that begins with a value counts as indented',
      sh`
        ${sh`one`}
          two
      `,
      'one\n  two\n',
    ],
  ];
  test.each(cases)('%s', (_, made, text) => {
    expect(made.text).toBe(text);
    expect(made.shown).toBe(text);
  });

  test('a secret is quoted, and shown as stars', () => {
    const made = joinSh([sh`login ${new Secret("p'w")}`, sh`x ${[new Secret('q')]}`], ' && ');
    expect(made.text).toBe("login 'p'\\''w' && x 'q'");
    expect(made.shown).toBe("login '***' && x '***'");
  });

  test('a constant program is used verbatim', () => {
    expect(unquotedLiteralScript('f() { :; }').text).toBe('f() { :; }');
    const made: string = 'x'.repeat(2);
    // @ts-expect-error Only a literal may be unquoted.
    unquotedLiteralScript(made);
  });

  test('joined pieces keep the text that can be shown', () => {
    expect(joinSh([], '\n').text).toBe('');
    expect(joinSh([sh`a`, sh`b`], ' | ').text).toBe('a | b');
  });

  const refused: [string, () => Sh, string][] = [
    ['a NUL', () => sh`echo ${'a\0b'}`, 'a value with a NUL byte cannot be given to a shell'],
    ['a NUL in a secret', () => sh`echo ${new Secret('\0')}`, 'a value with a NUL byte cannot be given to a shell'],
    [
      'half a surrogate pair',
      () => sh`echo ${'\ud800'}`,
      'a value is not valid Unicode and cannot be given to a shell',
    ],
    ['a fraction', () => sh`sleep ${0.5}`, '0.5 is not a number that a shell knows'],
    ['a value in double quotes', () => sh`echo "${'x'}"`, 'a value is inside double quotes'],
    ['a value in single quotes', () => sh`echo ${'y'} '${'x'}'`, 'a value is inside single quotes'],
  ];
  test.each(refused)('%s is refused', (_, make, message) => {
    expect(make).toThrow(message);
  });

  test.each(all)('any string reaches a program unchanged under $name', ({ command: [file, ...args], path }) => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 6 }), (texts) => {
        const program = joinSh(
          texts.map((text) => sh`printf %s ${text}; printf '\001\002'`),
          '\n',
        );
        const out = runSync(file, [...args, '-c', program.text], { env: { PATH: path } });
        expect(out).toBe(texts.map((text) => `${text}\x01\x02`).join(''));
      }),
      { numRuns: 150 },
    );
  });
});

describe('insideQuotes', () => {
  test.each([
    ['echo ', undefined],
    ['echo "', 'double'],
    ["echo '", 'single'],
    ['echo "$(stat ', undefined],
    ['echo "$(stat "', 'double'],
    ['echo "$(stat x) ', 'double'],
    ['echo "it\'s" ', undefined],
    ["echo '\\' ", undefined],
    ['echo \\" ', undefined],
    ["# don't\necho ", undefined],
    ["echo a#b'", 'single'],
    ['echo "$x#y" ', undefined],
    ['echo "${x:-', 'double'],
    ['x=${y%', undefined],
    ['case $x in a) echo ', undefined],
    ['case "$x" in "a") echo "', 'double'],
    ['( cd x; echo ', undefined],
  ])('%j', (text, where) => {
    expect(insideQuotes(text)).toBe(where);
  });
});
