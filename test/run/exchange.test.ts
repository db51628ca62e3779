import { expect, it } from 'vitest';
import type { Connection, Frame } from '../../src/core/connection.ts';
import { exchange } from '../../src/run/host/exchange.ts';

/** A host that answers every program with these frames. */
function hostThatSends(...frames: readonly Pick<Frame, 'kind' | 'id'>[]): Connection {
  return {
    host: 'h',
    roundTrips: 0,
    run: async (_program, onFrame) => {
      for (const frame of frames) onFrame({ words: ['0'], body: Buffer.from('x'), ...frame });
    },
    channel: () => Promise.reject(new Error('no channel')),
    close: async () => undefined,
  };
}

it.each([
  ['the output of a change', [{ kind: 'out', id: 'a9' }]],
  ['the end of a change', [{ kind: 'act', id: 'a9' }]],
  [
    'answers twice',
    [
      { kind: 'answers', id: '-' },
      { kind: 'answers', id: '-' },
    ],
  ],
] as const)('a host that sends %s that it was not asked for is refused', async (_what, frames) => {
  const sent = exchange(hostThatSends(...frames), { acts: [] }, [], new AbortController().signal);
  await expect(sent).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining('not asked for') });
});
