/**
 * A login in three round trips instead of nine. The only file that changes ssh2's internals: it replaces methods of one
 * Client's `_protocol` so that messages leave before the answers that ssh2 would wait for. It sends only messages that SSH
 * allows (RFC 4252 to 4254 nowhere require a client to wait), in the same order; servers answer in that order.
 *
 * It depends on the exact code of ssh2 1.17.0, and package.json pins that. Anything unexpected ends in a `Surprise`, and the
 * caller logs in again on a new connection, without any of this.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { Client, ClientChannel, ParsedKey, SigningRequestOptions } from 'ssh2';
import type { Identity } from './keys/identities.ts';
import { isProtocol, type Protocol } from './ssh2-protocol.ts';

/**
 * How much is sent ahead; each includes those before it. Tests and measurements choose, all other callers use the last.
 *
 * - `plain`: nothing; only the public interface of ssh2.
 * - `sign`: the key signs at once, without asking first whether the server knows it.
 * - `exec`: after authentication, the channel is opened, the command started and the first input sent in one flight.
 * - `auth`: all of that leaves together with the authentication.
 * - `kex`: the key exchange leaves together with the version line.
 */
export const paces = ['plain', 'sign', 'exec', 'auth', 'kex'] as const;
export type Pace = (typeof paces)[number];

/** Something differed from what this file expects. */
export class Surprise extends Error {
  override readonly name = 'Surprise';
}

/** What to start as soon as possible. */
export interface FastPlan {
  readonly pace: Pace;
  readonly user: string;
  /** The first key that the Client's authHandler will give. */
  readonly identity: Identity;
  readonly command: string;
  /** The start of the command's input. */
  readonly input: Buffer;
}

/** A command's channel, and how much of its input was sent ahead, in bytes. */
export interface Started {
  readonly stream: ClientChannel;
  readonly sent: number;
}

/** A login under way. */
export interface FastLogin {
  /** The key as the Client's authHandler must give it: for a key in an agent, one that signs with the agent. */
  adopt(identity: Identity): ParsedKey;
  /** To be called before a login without a key: it discards everything that was sent ahead. */
  withdraw(): void;
  /** Starts the command, or waits for it if it is on its way. To be called when the Client is ready. */
  start(): Promise<Started>;
}

/** Initial window sizes when the server is not known yet; the smaller one is dropbear's first window. */
const windows = { openssh: 1024 * 1024, dropbear: 16 * 1024 };
const packetSize = 16 * 1024;

/**
 * Prepares a Client whose `connect` was just called with an open socket.
 *
 * @returns undefined if it is not possible: another version of ssh2, or other internals.
 */
export function fastLogin(client: Client, plan: FastPlan): FastLogin | undefined {
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (plan.pace === 'plain' || !isProtocol(protocol)) return undefined;
  const level = paces.indexOf(plan.pace);
  const signers = new Map<unknown, Identity>();
  let ahead: Promise<Started> | undefined;

  const { authPK, service, exec } = protocol;
  /** The key whose signature was sent before ssh2 asked for it. */
  let signedAhead: unknown;
  const sign = (user: string, key: ParsedKey, algorithm: string | undefined, sent: () => void): void => {
    authPK.call(protocol, user, key, algorithm, (data, done) => {
      signature(signers.get(key), key, data, hashOf(algorithm), (signed) => {
        done(signed);
        sent();
      });
    });
  };
  const withdraw = (): void => {
    ahead = undefined;
    protocol.exec = exec;
  };
  protocol.authPK = (user, key, algorithm, callback) => {
    if (callback !== undefined) return authPK.call(protocol, user, key, algorithm, callback);
    if (signedAhead === key) {
      signedAhead = undefined;
      return;
    }
    // The key sent ahead was refused, and so was what followed: the server has answered UNIMPLEMENTED to all of it.
    withdraw();
    sign(user, key, algorithm, () => {});
  };

  if (level >= paces.indexOf('auth')) {
    protocol.service = (name) => {
      protocol.service = service;
      service.call(protocol, name);
      if (serverWindow(client) === 0) return;
      const key = adopt(plan.identity);
      signedAhead = key;
      // Every server that accepts RSA accepts this one; the server's own list arrives too late.
      const algorithm = key.type === 'ssh-rsa' ? 'rsa-sha2-256' : undefined;
      const started = new Promise<Started>((resolve, reject) => {
        sign(plan.user, key, algorithm, () => execAhead(client, protocol, plan).then(resolve, reject));
      });
      started.catch(() => {});
      ahead = started;
    };
  }
  if (level >= paces.indexOf('kex')) exchangeAhead(protocol);

  function adopt(identity: Identity): ParsedKey {
    signers.set(identity.key, identity);
    // ssh2 accepts only private keys for this method; it never signs with the key, because authPK above does.
    if (identity.agent !== undefined) Reflect.set(identity.key, 'isPrivateKey', () => true);
    return identity.key;
  }

  return {
    adopt,
    withdraw,
    start: () => {
      if (ahead !== undefined) return ahead;
      if (level >= paces.indexOf('exec') && serverWindow(client) > 0) return execAhead(client, protocol, plan);
      return execPlainly(client, plan.command);
    },
  };
}

/** Opens a channel and starts a command, using only the public interface. */
export function execPlainly(client: Client, command: string): Promise<Started> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => (error ? reject(error) : resolve({ stream, sent: 0 })));
  });
}

/** The first flight: version line, KEXINIT and, as curve25519 is our first choice, our half of that exchange. */
function exchangeAhead(protocol: Protocol): void {
  const { start, _onHeader: onHeader } = protocol;
  const keys = generateKeyPairSync('x25519');
  protocol.start = () => {
    start.call(protocol);
    protocol.rekey();
    // The last 32 bytes of the DER form are the key itself (RFC 8410).
    const half = keys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const writer = protocol._packetRW.write;
    const packet = writer.alloc(5 + half.length, true);
    const at = writer.allocStartKEX;
    packet[at] = 30; // SSH_MSG_KEX_ECDH_INIT
    packet.writeUInt32BE(half.length, at + 1);
    packet.set(half, at + 5);
    protocol._cipher.encrypt(writer.finalize(packet, true));
  };
  protocol._onHeader = (header) => {
    onHeader.call(protocol, header);
    // Right after this, ssh2 creates its KEXINIT. Ours has been sent, and the exchange hash must contain ours.
    const sent = protocol._kexinit;
    const { _cipher: cipher } = protocol;
    Reflect.set(cipher, 'encrypt', () => {
      Reflect.deleteProperty(cipher, 'encrypt');
      protocol._kexinit = sent;
    });
  };
  // The exchange that ssh2 creates when the server's KEXINIT has arrived: it gets our keys, and need not send its half.
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set: (exchange: unknown) => {
      Object.defineProperty(protocol, '_kex', {
        configurable: true,
        enumerable: true,
        writable: true,
        value: exchange,
      });
      if (typeof exchange !== 'object' || exchange === null || Reflect.get(exchange, 'type') !== '25519') {
        throw new Surprise('the server requests another key exchange');
      }
      Reflect.set(exchange, '_keys', keys);
      Reflect.set(exchange, 'start', () => {});
    },
  });
}

/** Opens the first channel, starts the command and sends the first input, all in one flight. */
function execAhead(client: Client, protocol: Protocol, plan: FastPlan): Promise<Started> {
  const { exec } = protocol;
  const input = plan.input.subarray(0, serverWindow(client));
  return new Promise((resolve, reject) => {
    client.exec(plan.command, (error, stream) => {
      if (error) return reject(error);
      // Bytes that were sent before the window was known are subtracted from it now.
      const outgoing: unknown = Reflect.get(stream, 'outgoing');
      if (typeof outgoing !== 'object' || outgoing === null) return reject(new Surprise('no window'));
      Reflect.set(outgoing, 'window', Math.max(0, Number(Reflect.get(outgoing, 'window')) - input.length));
      resolve({ stream, sent: input.length });
    });
    // The server numbers its channels from 0. When it has told us the number, ssh2 sends the same request again.
    exec.call(protocol, 0, plan.command, true);
    for (let at = 0; at < input.length; at += packetSize) {
      protocol.channelData(0, input.subarray(at, at + packetSize));
    }
    protocol.exec = (channel, command, wantReply) => {
      protocol.exec = exec;
      if (command !== plan.command) return exec.call(protocol, channel, command, wantReply);
      if (channel !== 0) throw new Surprise(`the server named the channel ${channel}`);
    };
  });
}

/** How much may be sent before the server has announced its window, in bytes; 0 for an unknown server. */
function serverWindow(client: Client): number {
  const version: unknown = Reflect.get(client, '_remoteVer');
  if (typeof version !== 'string') return 0;
  if (version.startsWith('OpenSSH_')) return windows.openssh;
  return version.startsWith('dropbear_') ? windows.dropbear : 0;
}

function hashOf(algorithm: string | undefined): string | undefined {
  return { 'rsa-sha2-512': 'sha512', 'rsa-sha2-256': 'sha256', 'ssh-rsa': 'sha1' }[algorithm ?? ''];
}

function signature(
  identity: Identity | undefined,
  key: ParsedKey,
  data: Buffer,
  hash: string | undefined,
  done: (signed: Buffer) => void,
): void {
  if (identity?.agent === undefined) {
    done(key.sign(data, hash));
    return;
  }
  const options: SigningRequestOptions = hash === 'sha256' || hash === 'sha512' ? { hash } : {};
  identity.agent.sign(key, data, options, (error, signed) => {
    // The server refuses an empty signature like a wrong one, and the next key is tried.
    done(error || signed === undefined ? Buffer.alloc(64) : Buffer.from(signed));
  });
}
