import { createHash } from 'node:crypto';
import type { Content } from '../../src/core/change.ts';

/** Bytes as a Content; `apply` of on-this-machine.ts streams from `bytes` whatever the size. */
export function contentOf(bytes: Buffer, secret = false): Content {
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes,
    open: async function* () {
      yield bytes;
    },
    ...(secret ? { secret } : {}),
  };
}
