import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { screenOn } from '../../src/report/screen.ts';

/** Something that is written to like a terminal. */
function terminal(): { readonly stream: WriteStream; readonly written: string[] } {
  const written: string[] = [];
  const stream: WriteStream = Object.create(WriteStream.prototype, {
    write: { configurable: true, value: (text: string) => written.push(text) > 0 },
    through: { value: new PassThrough() },
  });
  return { stream, written };
}

const plain = (text: string | undefined): string => (text ?? '').replaceAll(/\x1b\[\?2026[hl]/g, '');

test('lines above are printed after erasing and before redrawing, in one write', () => {
  const { stream, written } = terminal();
  const screen = screenOn(stream);
  screen.stream.write('\x1b[2K\x1b[Gone\n');
  screen.above('changed\n');
  expect(written).toHaveLength(1);
  screen.stream.write('\x1b[2K\x1b[1A\x1b[2K\x1b[Gtwo\n');
  expect(written.map(plain)).toEqual(['\x1b[2K\x1b[Gone\n', '\x1b[2K\x1b[1A\x1b[2K\x1b[Gchanged\ntwo\n']);
});

test('pending lines are written at the end', () => {
  const { stream, written } = terminal();
  const screen = screenOn(stream);
  screen.above('a\n');
  screen.above('b\n');
  screen.flush();
  screen.flush();
  expect(written).toEqual(['a\nb\n']);
});
