import { absent, type State } from '../core/state.ts';

/**
 * The State for a tool's message about one path. Only ENOENT and ENOTDIR prove that it is absent; after any other
 * error it is unknown whether the path exists.
 */
export function stateOfError(words: string): State<never> {
  const line = words.trim().split('\n').at(-1)?.trim() ?? '';
  if (/: (No such file or directory|Not a directory)$/.test(line)) return absent;
  if (/: (Permission denied|Operation not permitted)$/.test(line)) return { kind: 'denied', why: line };
  return { kind: 'unavailable', why: line === '' ? 'the host gave no answer' : line };
}

/** Whether a tool prints this path unchanged in its messages: no quotes, backslashes, or bytes outside ASCII. */
export function isPlain(path: string): boolean {
  return /^[\x20-\x26\x28-\x5b\x5d-\x7e]+$/.test(path);
}

/** The parts that a script separated with lines of its nonce: `NONCE NAME`, then any output. By name, as bytes. */
export function parts(output: Buffer, nonce: string): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  const marker = Buffer.from(`\n${nonce} `, 'latin1');
  const text = Buffer.concat([Buffer.from('\n'), output]);
  let at = text.indexOf(marker);
  while (at !== -1) {
    const lineEnd = text.indexOf(10, at + marker.length);
    if (lineEnd === -1) break;
    const next = text.indexOf(marker, lineEnd);
    found.set(
      text.toString('utf8', at + marker.length, lineEnd),
      text.subarray(lineEnd + 1, next === -1 ? text.length : next),
    );
    at = next;
  }
  return found;
}
