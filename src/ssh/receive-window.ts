import type { ClientChannel } from 'ssh2';

/**
 * Bytes that a host may send before it waits for this side. ssh2 has 2 MiB, and grants more only when half of it is used: on a
 * line of 50 ms a backup arrived with 21 MB/s, 1 MiB for each round trip.
 */
const receiveWindow = 16 * 1024 * 1024;

/** The parts of ssh2's Channel that are used here. They are not public: package.json pins the version of ssh2. */
interface Internals {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: { readonly _protocol: { channelWindowAdjust(channel: number, bytes: number): void } };
}

/**
 * Lets the host of a channel send more (SSH_MSG_CHANNEL_WINDOW_ADJUST, RFC 4254 section 5.2). To be called before the first byte
 * and after each piece that was processed; what is received and not processed counts, so memory is limited to the window.
 */
export function widenWindow(channel: ClientChannel): void {
  const found: unknown = channel;
  if (!isInternals(found) || found.outgoing.state === 'closed') return;
  const bytes = receiveWindow - found.incoming.window - channel.readableLength;
  // Few messages: one for each quarter of the window.
  if (bytes < receiveWindow / 4) return;
  found.incoming.window += bytes;
  found._client._protocol.channelWindowAdjust(found.outgoing.id, bytes);
}

function isInternals(channel: unknown): channel is Internals {
  const at = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return (
    typeof at(at(channel, 'incoming'), 'window') === 'number' &&
    typeof at(at(channel, 'outgoing'), 'id') === 'number' &&
    typeof at(at(at(channel, '_client'), '_protocol'), 'channelWindowAdjust') === 'function'
  );
}
