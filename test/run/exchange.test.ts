import { expect, it, vi } from 'vitest';
import type { Connection, Frame } from '../../src/core/connection.ts';
import { entry } from '../../src/probes/entry.ts';
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
    load: () => undefined,
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
] as const)('a host that sends %s without a request is refused', async (_what, frames) => {
  const sent = exchange(hostThatSends(...frames), { acts: [] }, [], new AbortController().signal);
  await expect(sent).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining('not asked for') });
});

it('a host that does not keep the deadlines of its own programs is given up', async () => {
  vi.useFakeTimers();
  try {
    const silent: Connection = {
      ...hostThatSends(),
      run: (_program, _onFrame, signal, onSent) =>
        new Promise((_, reject) => {
          onSent?.();
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        }),
    };
    const sent = exchange(silent, { acts: [] }, [entry('/a'), entry('/b')], new AbortController().signal);
    const refused = expect(sent).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'h gave no answers within 40 s',
    });
    await vi.advanceTimersByTimeAsync(40_000);
    await refused;
  } finally {
    vi.useRealTimers();
  }
});
