import { bytesText } from '../../core/amounts.ts';

/** Milliseconds between two reports. */
const everyMs = 1000;

/** Size of a transfer in bytes. */
export interface TransferSize {
  readonly bytes: number;
  /** True if it is only likely, as for output that a host compresses while it sends. */
  readonly estimated?: boolean;
}

/**
 * Counts the bytes of a transfer and reports its progress at most once a second: `12.3 MB of 40.0 MB, 4.1 MB/s, 7 s left`.
 *
 * @param now milliseconds, from a monotonic clock
 * @param size undefined if nothing is known about it
 */
export function progress(
  report: (text: string) => void,
  now: () => number,
  size?: TransferSize,
): (bytes: number) => void {
  const begun = now();
  let passed = 0;
  let next = begun + everyMs;
  return (bytes) => {
    passed += bytes;
    const at = now();
    if (at < next) return;
    next = at + everyMs;
    const rate = (passed / (at - begun)) * 1000;
    // More than an estimate has arrived: how much is left is not known.
    const total = size?.estimated === true && passed >= size.bytes ? undefined : size?.bytes;
    const of = total === undefined ? '' : ` of ${size?.estimated === true ? 'about ' : ''}${bytesText(total)}`;
    const left = total === undefined || rate === 0 ? '' : `, ${leftText((total - passed) / rate)}`;
    report(`${bytesText(passed)}${of}, ${bytesText(Math.round(rate))}/s${left}`);
  };
}

/** Yields the pieces unchanged, and counts them. */
export async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    count(piece.length);
  }
}

function leftText(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  return whole < 120 ? `${whole} s left` : `${Math.ceil(whole / 60)} min left`;
}
