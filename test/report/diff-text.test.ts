import { describe, expect, test } from 'vitest';
import type { Diff } from '../../src/core/change.ts';
import { diffLines } from '../../src/report/diff-text.ts';
import { look } from './look.ts';

const lines = (diff: Diff, ...secrets: string[]): string => diffLines(diff, '/etc/x', look({}, ...secrets)).join('\n');
const numbers = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, n) => `${from + n}\n`).join('');

describe('a diff is as diff -u writes it', () => {
  test.each<[string, Diff, string]>([
    ['nothing differs', { before: 'a\n', after: 'a\n' }, ''],
    ['a new file', { before: '', after: 'a\nb\n' }, '--- /etc/x\n+++ /etc/x\n@@ -0,0 +1,2 @@\n+a\n+b'],
    ['an emptied file', { before: 'a\n', after: '' }, '--- /etc/x\n+++ /etc/x\n@@ -1 +0,0 @@\n-a'],
    [
      'three lines of context',
      { before: numbers(1, 9), after: numbers(1, 9).replace('5', 'five') },
      '--- /etc/x\n+++ /etc/x\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8',
    ],
    [
      'the last line has no end',
      { before: 'a\n', after: 'a' },
      '--- /etc/x\n+++ /etc/x\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file',
    ],
    [
      'line ends of Windows are seen',
      { before: 'a\r\n', after: 'a\n' },
      '--- /etc/x\n+++ /etc/x\n@@ -1 +1 @@\n-a^M\n+a',
    ],
    [
      'names of their own',
      { before: 'a\n', after: 'b\n', beforeName: 'old', afterName: 'new' },
      '--- old\n+++ new\n@@ -1 +1 @@\n-a\n+b',
    ],
  ])('%s', (_name, diff, wanted) => {
    expect(lines(diff)).toBe(wanted);
  });
});

describe('what must not be shown', () => {
  test('a secret of several lines', () => {
    const key = 'BEGIN\nabc\ndef\nEND';
    expect(lines({ before: 'x\n', after: `x\n${key}\n` }, key)).toContain('+***');
    expect(lines({ before: 'x\n', after: `x\n${key}\n` }, key)).not.toMatch(/abc|def/);
  });

  test('a difference only in a secret is reported', () => {
    expect(lines({ before: 'p=first1\n', after: 'p=second2\n' }, 'first1', 'second2')).toBe(
      '(what differs is not shown: secrets or control characters)',
    );
  });

  test('a control sequence of a file does not reach the screen', () => {
    expect(lines({ before: '', after: '\x1b[2Jx\n' })).not.toContain('\x1b');
  });
});

describe('a diff is limited', () => {
  test('it is cut after 200 lines', () => {
    const text = lines({ before: '', after: numbers(1, 1000) });
    expect(text.split('\n')).toHaveLength(203);
    expect(text).toMatch(/\.\.\. 801 more lines$/);
  });

  test('a long line is cut', () => {
    expect(lines({ before: '', after: `${'x'.repeat(5000)}\n` }).length).toBeLessThan(600);
  });

  test('two texts that have nothing in common take no time', () => {
    const text = lines({ before: numbers(1, 20_000), after: numbers(30_000, 50_000) });
    expect(text).toBe('(too different to show: 20000 lines before, 20001 lines after)');
  });
});
