import { expect, test } from 'vitest';
import { transferLine } from '../../src/cli/transfer-line.ts';
import { cleaner } from '../../src/report/clean.ts';

/** A line on a terminal, or elsewhere; `pass` moves bytes of a file and then lets time pass. */
function lineOn(live: boolean, columns = 60) {
  let printed = '';
  let ms = 0;
  const { moved, end } = transferLine({
    terminal: { live, columns, colour: false },
    now: () => ms,
    out: (text) => {
      printed += text;
    },
    clean: cleaner((text) => text),
  });
  const pass = (file: string, bytes: number, size: number, later: number): void => {
    ms += later;
    moved(file, bytes, size);
  };
  return { pass, end, printed: () => printed };
}

test('a file that takes longer than a second is shown, redrawn in place, and removed at the end', () => {
  const { pass, end, printed } = lineOn(true);
  pass('a', 1_000_000, 4_000_000, 0);
  pass('a', 1_000_000, 4_000_000, 1000);
  pass('b', 500_000, 1_000_000, 500);
  pass('b', 500_000, 1_000_000, 500);
  end();
  expect(printed()).toBe('\r\x1b[Ka: 2.0 MB of 4.0 MB, 2.0 MB/s, 1 s left\r\x1b[K');
});

test('a long name is shortened to the width of the terminal, and has no control characters', () => {
  const { pass, printed } = lineOn(true, 30);
  pass(`\x1b[2J${'x'.repeat(40)}`, 1, 2, 0);
  pass(`\x1b[2J${'x'.repeat(40)}`, 1, 2, 1000);
  expect(printed()).toMatch(/^\r\x1b\[K[^\x1b]{26}\.\.\.$/);
});

test('nothing is shown for quick files, nor where the output is not a terminal', () => {
  const quick = lineOn(true);
  quick.pass('a', 1, 1, 10);
  quick.end();
  const piped = lineOn(false);
  piped.pass('a', 1, 2, 0);
  piped.pass('a', 1, 2, 5000);
  piped.end();
  expect([quick.printed(), piped.printed()]).toEqual(['', '']);
});
