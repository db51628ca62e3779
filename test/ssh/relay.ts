import { connect, createServer, type Socket } from 'node:net';

/** A line to a server on loopback that can be cut. */
export interface Relay {
  readonly port: number;
  /** Cuts every connection, without a word to either side's program. */
  cut(): void;
  stop(): void;
}

/** Relays to a port of loopback. */
export function startRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
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
      resolve({ port, cut, stop });
    });
  });
}
