import type { Frame } from '../core/connection.ts';
import { HealError } from '../core/errors.ts';

/** Maximum body of one frame, in bytes. If a host announces more, heal refuses it before it stores anything. */
export const frameLimit = 64 * 1024 * 1024;
/** Maximum header line, in bytes. */
const headerLimit = 64 * 1024;
/** Maximum number of bytes outside frames that are stored. */
const noiseLimit = 8 * 1024;

/** Reads one program's frames from a stream that can contain anything else as well. */
export interface FrameParser {
  /** Accepts the next bytes, split anywhere, and returns the frames that they complete. */
  feed(chunk: Buffer): Frame[];
  /** The first 8 KiB of the output before, between and after the frames: a banner, the output of an rc file. */
  noise(): string;
}

/**
 * A parser for the frames of one nonce. In the stream a frame is a newline (earlier output may have ended in mid-line),
 * the line `NONCE KIND ID WORD... LENGTH`, and then LENGTH bytes of any value. The
 * nonce cannot be guessed, so no output of a task is mistaken for a frame.
 *
 * `feed` throws a HealError if a header is malformed or announces more than `frameLimit`.
 */
export function frameParser(nonce: string): FrameParser {
  const marker = Buffer.from(`\n${nonce} `, 'latin1');
  /** Bytes not yet parsed: outside a frame at most the start of a marker, or a header without its end. */
  let rest: Buffer = Buffer.alloc(0);
  let inHeader = false;
  let head: { kind: string; id: string; words: readonly string[] } | undefined;
  let body: Buffer[] = [];
  let missing = 0;
  const noise: Buffer[] = [];
  let noiseLength = 0;

  function remember(bytes: Buffer): void {
    if (noiseLength >= noiseLimit || bytes.length === 0) return;
    const kept = Buffer.from(bytes.subarray(0, noiseLimit - noiseLength));
    noise.push(kept);
    noiseLength += kept.length;
  }

  function feed(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = Buffer.alloc(0);
    for (;;) {
      if (head !== undefined) {
        const part = data.subarray(0, missing);
        if (part.length > 0) body.push(part);
        missing -= part.length;
        data = data.subarray(part.length);
        if (missing > 0) return frames;
        const [only] = body;
        frames.push({ ...head, body: body.length === 1 && only !== undefined ? only : Buffer.concat(body) });
        head = undefined;
        body = [];
      } else if (inHeader) {
        const end = data.indexOf(10);
        if (end > headerLimit || (end === -1 && data.length > headerLimit)) {
          throw new HealError('failed', 'the host sent a frame whose header has no end');
        }
        if (end === -1) {
          rest = data;
          return frames;
        }
        const { length, ...words } = header(data.toString('utf8', 0, end));
        head = words;
        missing = length;
        inHeader = false;
        data = data.subarray(end + 1);
      } else {
        const start = data.indexOf(marker);
        if (start === -1) {
          const keep = Math.min(data.length, marker.length - 1);
          remember(data.subarray(0, data.length - keep));
          rest = data.subarray(data.length - keep);
          return frames;
        }
        remember(data.subarray(0, start));
        data = data.subarray(start + marker.length);
        inHeader = true;
      }
    }
  }

  return {
    feed,
    noise: () =>
      Buffer.concat([...noise, inHeader ? Buffer.alloc(0) : rest])
        .toString('utf8', 0, noiseLimit)
        .trim(),
  };
}

function header(line: string): { kind: string; id: string; words: readonly string[]; length: number } {
  const [kind, id, ...words] = line.split(' ');
  const size = words.pop();
  if (kind === undefined || id === undefined || size === undefined || !/^\d{1,15}$/.test(size)) {
    throw new HealError('failed', `the host sent a frame that cannot be read: ${JSON.stringify(line.slice(0, 200))}`);
  }
  const length = Number(size);
  if (length > frameLimit) {
    throw new HealError('failed', `the host sent an answer of ${length} bytes; at most ${frameLimit} are taken`, {
      hint: 'read less, or copy the content as a file',
    });
  }
  return { kind, id, words, length };
}
