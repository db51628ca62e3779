import type { Client } from 'ssh2';
import { HealError } from '../core/errors.ts';

/**
 * Copies over a connection. ssh2 does not call the callbacks of `fastGet` and `fastPut` if the connection ends.
 *
 * @throws HealError of kind `unreachable` if the connection is lost first, or the reason of the signal if it was aborted
 */
export function whileConnected<T>(
  client: Client,
  host: string,
  signal: AbortSignal,
  begin: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const lost = (): void =>
      reject(
        signal.aborted
          ? signal.reason
          : new HealError('unreachable', `the connection to ${host} was lost`, { hint: 'the last file is incomplete' }),
      );
    client.once('close', lost);
    begin()
      .finally(() => client.off('close', lost))
      .then(resolve, reject);
  });
}
