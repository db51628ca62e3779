import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/core/connection.ts';
import { frameLimit, frameParser } from '../../src/shell/frames.ts';
import fc from '../samples.ts';

const nonce = 'c0ffee00c0ffee00';

function wire(frame: Frame): Buffer {
  const head = [nonce, frame.kind, frame.id, ...frame.words, frame.body.length].join(' ');
  return Buffer.concat([Buffer.from(`\n${head}\n`), frame.body]);
}

function read(...chunks: readonly (Buffer | string)[]): Frame[] {
  const parser = frameParser(nonce);
  return chunks.flatMap((chunk) => parser.feed(Buffer.from(chunk)));
}

const word = fc.stringMatching(/^[!-~]{1,12}$/);
const anyFrame: fc.Arbitrary<Frame> = fc.record({
  kind: word,
  id: word,
  words: fc.array(word, { maxLength: 3 }),
  body: fc
    .oneof(fc.uint8Array(), fc.constant(new Uint8Array(Buffer.from(`\n${nonce} end - 0 0\n`))))
    .map((bytes) => Buffer.from(bytes)),
});

describe('frames', () => {
  test('arrive complete, wherever the stream is split and whatever is between them', () => {
    const noise = fc.uint8Array().map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, anyFrame)), fc.array(fc.nat()), (pieces, cuts) => {
        const stream = Buffer.concat(pieces.flatMap(([before, frame]) => [before, wire(frame)]));
        const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((place, i) => stream.subarray(place, places[i] ?? stream.length));
        expect(read(...chunks)).toEqual(pieces.map(([, frame]) => frame));
      }),
    );
  });

  test('arrive byte by byte', () => {
    const frame: Frame = { kind: 'out', id: 't1', words: ['a'], body: Buffer.from('x\n') };
    const stream = Buffer.concat([Buffer.from('Welcome!\n\n'), wire(frame), wire(frame)]);
    expect(read(...Array.from(stream, (byte) => Buffer.of(byte)))).toEqual([frame, frame]);
  });

  test('of another nonce are noise', () => {
    const parser = frameParser(nonce);
    expect(parser.feed(Buffer.from('\nbadc0de end - 0 0\n'))).toEqual([]);
    expect(parser.noise()).toBe('badc0de end - 0 0');
  });

  test('the first 8 KiB of noise are kept', () => {
    const parser = frameParser(nonce);
    parser.feed(Buffer.from(`This account is closed.\n${'x'.repeat(20_000)}\n${nonce} end - 0 0\nbye`));
    expect(parser.noise()).toMatch(/^This account is closed\.\nx+$/);
    expect(parser.noise()).toHaveLength(8192);
  });

  test.each([
    [`\n${nonce} out t1 ${frameLimit + 1}\n`, 'the host sent an answer of 67108865 bytes; at most 67108864 are taken'],
    [`\n${nonce} out t1 ten\n`, 'the host sent a frame that cannot be read: "out t1 ten"'],
    [`\n${nonce} out 1\n`, 'the host sent a frame that cannot be read: "out 1"'],
    [`\n${nonce} out t1 -1\n`, 'the host sent a frame that cannot be read: "out t1 -1"'],
    [`\n${nonce} ${'x'.repeat(70_000)}`, 'the host sent a frame whose header has no end'],
  ])('%.60j is refused', (stream, message) => {
    expect(() => read(stream)).toThrow(message);
  });
});
