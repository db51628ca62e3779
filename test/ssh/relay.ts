import { connect, createServer, type Socket } from 'node:net';

/** A line to a server that can be cut, and that counts. */
export interface Relay {
  readonly port: number;
  /** How often the near side has spoken after the far one: the round trips so far, and half of one. */
  turns(): number;
  /** Cuts every connection, without a word to either side's program. */
  cut(): void;
  stop(): void;
}

/**
 * Relays from a port of loopback to a port there, or elsewhere.
 *
 * @param goesOn called before each piece that the near side sends; false cuts every connection instead
 */
export function startRelay(target: number, host = '127.0.0.1', goesOn?: () => boolean): Promise<Relay> {
  let turns = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    let farSpoke = true;
    near.on('data', () => {
      if (farSpoke) turns += 1;
      farSpoke = false;
    });
    far.on('data', () => {
      farSpoke = true;
    });
    if (goesOn !== undefined) near.on('data', () => goesOn() || cut());
    near.pipe(far).pipe(near);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const stop = () => {
        cut();
        server.close();
      };
      resolve({ port, turns: () => turns, cut, stop });
    });
  });
}
