import { describe, expect, test } from 'vitest';
import { HealError, HealErrors } from '../../src/core/errors.ts';
import { errorText } from '../../src/report/error-text.ts';
import { look } from './look.ts';

const at = (line: number, column: number, text: string) => ({ file: 'tasks/site.yml', line, column, text });

describe('an error reports what failed, where, and what to do', () => {
  test('with the line and a caret', () => {
    const error = new HealError('usage', 'unknown key "tmplate"', {
      at: at(12, 5, '    tmplate: { src: x }'),
      hint: 'did you mean "template"?',
    });
    expect(errorText(error, look())).toBe(
      [
        'error: unknown key "tmplate"',
        '   --> tasks/site.yml:12:5',
        '    |',
        ' 12 |     tmplate: { src: x }',
        '    |     ^',
        'hint: did you mean "template"?',
      ].join('\n'),
    );
  });

  test.each([
    ['a tab stays a tab', '\tx: 1', 2, '\t^'],
    ['a wide letter takes two cells', '日本: x', 5, '      ^'],
    ['an emoji takes two cells', '🙂: x', 4, '   ^'],
    ['a column behind the end', 'ab', 99, '  ^'],
  ])('the caret is at the right column: %s', (_name, text, column, caret) => {
    const lines = errorText(new HealError('usage', 'x', { at: at(1, column, text) }), look()).split('\n');
    expect(lines.at(-1)).toBe(`   | ${caret}`);
  });

  test('a very long line is shown around its column', () => {
    const text = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
    const lines = errorText(new HealError('usage', 'x', { at: at(1, 501, text) }), look()).split('\n');
    const shown = lines[3] ?? '';
    expect(shown.length).toBeLessThan(140);
    expect(shown[lines[4]?.indexOf('^') ?? 0]).toBe('X');
  });

  test('no line is shown if none is known', () => {
    const error = new HealError('usage', 'x', { at: { file: 'a.yml', line: 1, column: 2 } });
    expect(errorText(error, look())).toBe('error: x\n  --> a.yml:1:2');
  });

  test('the cause is reported once', () => {
    const cause = new Error('ECONNRESET');
    expect(errorText(new HealError('error', 'lost the line', { cause }), look())).toBe(
      'error: lost the line\ncause: ECONNRESET',
    );
    expect(errorText(new HealError('error', 'lost: ECONNRESET', { cause }), look())).toBe('error: lost: ECONNRESET');
  });

  test('several errors are all reported', () => {
    const errors = new HealErrors([new HealError('usage', 'one'), new HealError('usage', 'two', { hint: 'mend it' })]);
    expect(errorText(errors, look())).toBe('error: one\n\nerror: two\nhint: mend it\n\n2 errors');
  });

  test('hundreds are cut', () => {
    const errors = new HealErrors(Array.from({ length: 200 }, (_, n) => new HealError('usage', `no ${n}`)));
    expect(errorText(errors, look())).toMatch(/error: no 19\n\n\.\.\. and 180 more errors$/);
  });

  test('a bug is one line and a file, never a stack', () => {
    const text = errorText(new TypeError("can't read x"), { ...look(), crashFile: '.heal/crash-1.txt' });
    expect(text).toBe(
      "error: this is a bug in heal: can't read x\n  --> .heal/crash-1.txt\nhint: report it with that file, which says where it happened",
    );
  });

  test('secrets and control characters are removed', () => {
    const error = new HealError('failed', '\x1b[31mtoken hunter22\x1b[0m', {
      at: at(1, 1, 'token: hunter22'),
      hint: 'hunter22',
    });
    const text = errorText(error, look({}, 'hunter22'));
    expect(text).not.toContain('hunter22');
    expect(text).not.toContain('\x1b');
  });
});
