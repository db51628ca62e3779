import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { Login, ProxyCommand } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import { closeClient } from '../close-client.ts';
import { dial } from '../dial.ts';
import { interrupted, place, unreachable } from '../faults.ts';
import { dialCommand } from './proxy-command.ts';

/** Logins at once through one jump host: they share one line and one process there, and more only slow each other. */
const loginsAtOnce = 8;

/** The path to a host: direct, through a ProxyCommand, or through a jump host. */
export interface Route {
  dial(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** To be called once, when the login has ended, with or without success. */
  leave(): void;
}

/** What a route depends on. */
export type Routed = Pick<Login, 'name' | 'jump' | 'proxyCommand'>;

/** The jump hosts of a run. */
export interface JumpHosts {
  /**
   * The route to a host: direct, through its ProxyCommand, or through its jump host, which is logged in to first. It waits
   * while 8 logins are running through the jump host.
   */
  routeTo(login: Routed, signal: AbortSignal): Promise<Route>;
  /** Ends the logins of all jump hosts. */
  close(): Promise<void>;
}

/** Logs in to a jump host. */
export type LogInToJump = (jump: Login, route: Route, signal: AbortSignal) => Promise<Client>;

interface JumpHost {
  client: Promise<Client> | undefined;
  busy: number;
  readonly waiting: (() => void)[];
}

const direct: Route = { dial, leave: () => {} };

function throughCommand(name: string, command: ProxyCommand): Route {
  return { dial: (_address, _port, limit) => dialCommand(name, command, limit), leave: () => {} };
}

/**
 * One login for each jump host, shared by all hosts that use it (ProxyJump in ssh_config(5)). If a login fails or
 * is lost, heal logs in again for the next host that needs it.
 */
export function jumpHosts(logIn: LogInToJump): JumpHosts {
  const hosts = new Map<string, JumpHost>();

  const clientOf = (host: JumpHost, jump: Login, signal: AbortSignal): Promise<Client> => {
    if (host.client !== undefined) return host.client;
    const made = logInToHop(jump, signal);
    const forget = (): void => {
      if (host.client === made) host.client = undefined;
    };
    made.then((client) => client.once('close', forget), forget);
    host.client = made;
    return made;
  };
  const logInToHop = async (jump: Login, signal: AbortSignal): Promise<Client> => {
    const route = await routeTo(jump, signal);
    try {
      return await logIn(jump, route, signal);
    } catch (error) {
      throw hopError(jump, error);
    } finally {
      route.leave();
    }
  };
  const routeTo = async ({ name, jump, proxyCommand }: Routed, signal: AbortSignal): Promise<Route> => {
    if (proxyCommand !== undefined) return throughCommand(name, proxyCommand);
    if (jump === undefined) return direct;
    const key = JSON.stringify(jump);
    const host = hosts.get(key) ?? { client: undefined, busy: 0, waiting: [] };
    hosts.set(key, host);
    if (host.busy < loginsAtOnce) host.busy += 1;
    else await new Promise<void>((resolve) => host.waiting.push(resolve));
    // The next waiting login gets the place of the one that ended.
    const leave = (): void => {
      const next = host.waiting.shift();
      if (next === undefined) host.busy -= 1;
      else next();
    };
    try {
      if (signal.aborted) throw interrupted(`logging in to the jump host ${jump.name}`, signal);
      const client = await clientOf(host, jump, signal);
      return { dial: (address, port, limit) => forward(client, jump, address, port, limit), leave };
    } catch (error) {
      leave();
      throw error;
    }
  };

  return {
    routeTo,
    async close() {
      const clients = [...hosts.values()].flatMap(({ client }) => client ?? []);
      hosts.clear();
      // In reverse order: the connection of the last one runs through those before it.
      for (const client of clients.reverse()) {
        const open = await client.catch(() => undefined);
        if (open !== undefined) await closeClient(open, undefined, true);
      }
    },
  };
}

/** A connection that the jump host opens (RFC 4254, 7.2). */
function forward(client: Client, jump: Login, address: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(interrupted(`connecting to ${place(address, port)}`, signal));
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        signal.removeEventListener('abort', aborted);
        if (error !== undefined) reject(forwardError(error, jump, address, port));
        else if (signal.aborted) channel.destroy();
        else resolve(named(channel, client, jump));
      });
    } catch (error) {
      reject(lostJump(jump, error));
    }
  });
}

/** Reports an error on a channel that ends together with its jump host's connection. */
function named(channel: ClientChannel, client: Client, jump: Login): ClientChannel {
  const lost = (): void => {
    channel.emit('error', lostJump(jump));
  };
  // For errors before ssh2 listens, and after it has stopped.
  channel.on('error', () => {});
  // One listener for each host that uses it.
  client.setMaxListeners(0);
  client.once('close', lost);
  channel.once('close', () => client.removeListener('close', lost));
  return channel;
}

function lostJump(jump: Login, cause?: unknown): HealError {
  return unreachable(`the connection to the jump host ${jump.name} was lost`, 'run it again', cause);
}

/** Why a jump host did not connect (RFC 4254, 5.1). */
function forwardError(error: Error, jump: Login, address: string, port: number): HealError {
  const where = place(address, port);
  const reason = 'reason' in error ? Number(error.reason) : 0;
  const said = error.message.replace(/^\(SSH\) Channel open failure: /, '');
  if (reason === 1) {
    const hint = 'its sshd_config must allow it: AllowTcpForwarding, PermitOpen';
    return unreachable(`the jump host ${jump.name} may not connect to ${where}: ${said}`, hint, error);
  }
  const hint = `does sshd run there? The address is looked up and connected to by ${jump.name}`;
  return unreachable(`the jump host ${jump.name} cannot connect to ${where}: ${said}`, hint, error);
}

/** The host in the user's output is another one, so the message names the hop that failed. */
function hopError(jump: Login, error: unknown): unknown {
  if (!(error instanceof HealError)) return error;
  const { hint, at, cause } = error;
  return new HealError(error.kind, `jump host ${jump.name}: ${error.message}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(at === undefined ? {} : { at }),
    ...(cause === undefined ? {} : { cause }),
  });
}
