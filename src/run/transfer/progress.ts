import { bytesText } from '../../core/amounts.ts';

/** Milliseconds between two reports. */
const everyMs = 1000;

/**
 * Counts the bytes of a transfer and reports its progress at most once a second: `12.3 MB of 40.0 MB, 4.1 MB/s, 7 s left`.
 *
 * @param now milliseconds, from a monotonic clock
 * @param total bytes; undefined if it is not known, as for output that a host compresses while it sends
 */
export function progress(report: (text: string) => void, now: () => number, total?: number): (bytes: number) => void {
  const begun = now();
  let passed = 0;
  let next = begun + everyMs;
  return (bytes) => {
    passed += bytes;
    const at = now();
    if (at < next) return;
    next = at + everyMs;
    const rate = (passed / (at - begun)) * 1000;
    const of = total === undefined ? '' : ` of ${bytesText(total)}`;
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
