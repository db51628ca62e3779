import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Maximum size of a piece that is read, in bytes. */
const pieceAtMost = 1024 * 1024;

/** A file that is read while it is written, so that reading it back takes hardly longer than writing it. */
export interface GrowingFile {
  /** Appends bytes. */
  write(chunk: Buffer): Promise<void>;
  /** Writes everything to the disk. No `write` follows; the reader ends after the last byte. */
  end(): Promise<void>;
  /** Closes the file without an end: the reader fails. */
  abort(): Promise<void>;
  /** What the file contains, from its first byte on. One reader at most. */
  readonly reader: Readable;
}

/**
 * Creates a file that only its owner can read.
 *
 * @param path must not exist
 * @throws if it cannot be created
 */
export async function growingFile(path: string): Promise<GrowingFile> {
  const file = await open(path, 'wx+', 0o600);
  let written = 0;
  let state: 'grows' | 'complete' | 'aborted' = 'grows';
  let wake: () => void = () => {};
  const become = (next: typeof state): void => {
    if (state === 'grows') state = next;
    wake();
  };

  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; ; ) {
      while (state === 'grows' && at === written) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (state === 'aborted') throw new Error('it was not written to its end');
      if (at === written) return;
      const piece = await readAt(file, at, Math.min(written - at, pieceAtMost));
      at += piece.length;
      yield piece;
    }
  }

  return {
    async write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        at += (await file.write(chunk, at, chunk.length - at, written + at)).bytesWritten;
      }
      written += chunk.length;
      wake();
    },
    async end() {
      await file.sync();
      become('complete');
    },
    async abort() {
      become('aborted');
      await file.close().catch(() => undefined);
    },
    reader: Readable.from(pieces(), { objectMode: false, highWaterMark: pieceAtMost }),
  };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  if (bytesRead === 0) throw new Error('it is shorter than what was written');
  return buffer.subarray(0, bytesRead);
}
