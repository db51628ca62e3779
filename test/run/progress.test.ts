import { expect, test } from 'vitest';
import { counted, progress, type TransferSize } from '../../src/run/transfer/progress.ts';

/** What is reported of 250 ms steps of so many bytes. */
function reported(steps: readonly number[], size?: TransferSize): string[] {
  const said: string[] = [];
  let time = 0;
  const count = progress(
    (text) => said.push(text),
    () => time,
    size,
  );
  for (const bytes of steps) {
    time += 250;
    count(bytes);
  }
  return said;
}

test('a transfer is reported once a second, with its rate and the time that is left', () => {
  expect(reported(Array(9).fill(1_000_000), { bytes: 40_000_000 })).toEqual([
    '4.0 MB of 40.0 MB, 4.0 MB/s, 9 s left',
    '8.0 MB of 40.0 MB, 4.0 MB/s, 8 s left',
  ]);
  expect(reported(Array(4).fill(1000), { bytes: 1_000_000 })).toEqual(['4.0 kB of 1.0 MB, 4.0 kB/s, 5 min left']);
});

test('an estimated size is named as one, until more has arrived', () => {
  expect(reported(Array(9).fill(1_000_000), { bytes: 6_000_000, estimated: true })).toEqual([
    '4.0 MB of about 6.0 MB, 4.0 MB/s, 1 s left',
    '8.0 MB, 4.0 MB/s',
  ]);
});

test('what has no known size has no time left, and a quick one is not reported', () => {
  expect(reported([0, 0, 0, 500])).toEqual(['500 bytes, 500 bytes/s']);
  expect(reported([0, 0, 0, 0], { bytes: 10 })).toEqual(['0 bytes of 10 bytes, 0 bytes/s']);
  expect(reported([1, 1, 1])).toEqual([]);
});

test('the pieces of a content are counted and unchanged', async () => {
  const pieces = [Buffer.from('one'), Buffer.from('three')];
  const sizes: number[] = [];
  const passed: Uint8Array[] = [];
  const all = counted(
    (async function* () {
      yield* pieces;
    })(),
    (bytes) => sizes.push(bytes),
  );
  for await (const piece of all) passed.push(piece);
  expect([passed, sizes]).toEqual([pieces, [3, 5]]);
});
