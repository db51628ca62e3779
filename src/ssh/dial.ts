import { connect, type Socket } from 'node:net';
import type { HealError } from '../core/errors.ts';
import { codeOf, interrupted, place, unreachable } from './faults.ts';

/**
 * A TCP connection. This file opens it, and not ssh2: ssh2 never sets TCP_NODELAY, which costs a login over a line of
 * 50 ms more than 100 ms, and its errors don't distinguish a refused connection from an unknown name.
 *
 * @param signal Ends the attempt; its reason is thrown if it is an error for the user.
 */
export function dial(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port,
      // Node abandons an address after 250 ms if the name has another one: less than a slow line needs.
      autoSelectFamilyAttemptTimeout: 3000,
    });
    socket.setNoDelay(true);
    const aborted = () => {
      socket.destroy();
      reject(interrupted(`connecting to ${place(address, port)}`, signal));
    };
    const failed = (error: Error) => {
      signal.removeEventListener('abort', aborted);
      reject(dialError(error, address, port));
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('error', failed);
    socket.once('connect', () => {
      signal.removeEventListener('abort', aborted);
      socket.removeListener('error', failed);
      resolve(socket);
    });
  });
}

/** The error that a user sees for a failed connection. */
export function dialError(error: Error, address: string, port: number): HealError {
  const where = place(address, port);
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return unreachable(`connection refused by ${where}`, 'is sshd running there, and is this its port?', error);
    case 'ENOTFOUND':
    case 'EAI_NONAME':
      return unreachable(
        `unknown host name ${address}`,
        'give the host an address in the inventory, or HostName in ~/.ssh/config',
        error,
      );
    case 'EAI_AGAIN':
      return unreachable(`the name ${address} could not be looked up now`, 'is there a network here?', error);
    case 'ETIMEDOUT':
      return timedOut(address, port, error);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return unreachable(`no route to ${where}`, 'is the network up, here and there?', error);
    case 'ECONNRESET':
      return unreachable(
        `connection reset by ${where}`,
        'something on the way, or sshd itself (MaxStartups, fail2ban), closed it: try again later',
        error,
      );
    default:
      return unreachable(`cannot connect to ${where}: ${error.message}`, undefined, error);
  }
}

/** No answer arrived in time. */
export function timedOut(address: string, port: number, cause?: unknown): HealError {
  return unreachable(
    `connecting to ${place(address, port)} timed out`,
    'is the host up, and does its firewall let you in?',
    cause,
  );
}
