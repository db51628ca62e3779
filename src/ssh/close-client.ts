import { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';

/** Milliseconds after which a connection that does not close is destroyed. */
const closeGrace = 1000;

/**
 * Ends the shell (by ending its input), if there is one, and the connection. If no program runs, it does not wait
 * after the disconnect message is sent: the other end's answer would cost a round trip.
 */
export function closeClient(client: Client, stream: ClientChannel | undefined, idle: boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      client.destroy();
      resolve();
    }, closeGrace);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    client.once('close', done);
    const socket: unknown = Reflect.get(client, '_sock');
    if (!(socket instanceof Duplex) || !isOpen(socket)) return done();
    if (idle) {
      socket.once('finish', () => {
        socket.destroy();
        // A channel through a jump host closes only when the jump host has answered.
        if (isChannel(socket)) done();
      });
    }
    stream?.end();
    client.end();
  });
}

/** Whether a socket, or a channel through a jump host, can still be written to and read. */
export function isOpen(socket: Duplex): boolean {
  return !socket.destroyed && (!isChannel(socket) || (socket.writable && !socket.readableEnded));
}

function isChannel(socket: Duplex): boolean {
  return 'outgoing' in socket;
}
