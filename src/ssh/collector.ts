/** The last bytes of a stream, for messages. */
export interface Collector {
  add(chunk: Buffer): void;
  clear(): void;
  text(): string;
}

/** Keeps at most `limit` bytes: the end, since what went wrong is said last. */
export function collector(limit = 8 * 1024): Collector {
  let kept = Buffer.alloc(0);
  return {
    add: (chunk) => {
      kept = Buffer.concat([kept, chunk.subarray(-limit)]).subarray(-limit);
    },
    clear: () => {
      kept = Buffer.alloc(0);
    },
    text: () => kept.toString('utf8').trim(),
  };
}
