import ssh2 from 'ssh2';
import type { Login } from '../../core/connection.ts';
import { interrupted, place, unreachable } from '../faults.ts';
import type { Route } from '../jump/jump.ts';

/** Gets the public key that a host sends and proves to have. */
export type FetchHostKey = (login: Login, algorithms: readonly string[], signal: AbortSignal) => Promise<Buffer>;

/**
 * Performs the key exchange (RFC 4253, 8) and closes the connection, without a login: the user's name is not sent. Only the
 * completed exchange proves that the key is the host's own, not its arrival.
 */
export async function fetchHostKey(
  login: Login,
  algorithms: readonly string[],
  route: Route,
  signal: AbortSignal,
): Promise<Buffer> {
  // A signal of AbortSignal.timeout without another reference to it may be garbage-collected before its time.
  const stop = new AbortController();
  const end = (): void => stop.abort(signal.reason);
  const timer = setTimeout(end, login.connectTimeout * 1000);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await exchange(login, algorithms, route, stop.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

async function exchange(
  login: Login,
  algorithms: readonly string[],
  route: Route,
  limit: AbortSignal,
): Promise<Buffer> {
  const where = place(login.address, login.port);
  const socket = await route.dial(login.address, login.port, limit);
  const client = new ssh2.Client();
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      let shown: Buffer | undefined;
      const failed = (cause?: unknown): void => reject(unreachable(`${where} showed no host key`, undefined, cause));
      limit.addEventListener('abort', () => reject(interrupted(`the key exchange with ${where}`, limit)), {
        once: true,
      });
      client.on('error', failed).on('close', () => failed());
      client.on('handshake', () => (shown === undefined ? failed() : resolve(shown)));
      client.connect({
        sock: socket,
        username: '',
        readyTimeout: 0,
        algorithms: { serverHostKey: [...algorithms] as never },
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void): void => {
          shown = Buffer.from(key);
          verify(true);
        },
        authHandler: () => false as never,
      });
    });
  } finally {
    client.removeAllListeners().on('error', () => {});
    client.destroy();
    socket.destroy();
  }
}
