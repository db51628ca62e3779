import type { ParsedKey } from 'ssh2';

/** The parts of ssh2's Protocol that fast-login.ts uses. They are not public: package.json pins the version of ssh2. */
export interface Protocol {
  _kexinit: unknown;
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    readonly write: {
      readonly allocStartKEX: number;
      alloc(size: number, force: boolean): Buffer;
      finalize(packet: Buffer, force: boolean): Buffer;
    };
  };
  _onHeader(header: unknown): void;
  start(): void;
  rekey(): void;
  service(name: string): void;
  authPK(
    user: string,
    key: ParsedKey,
    algorithm: string | undefined,
    sign?: (data: Buffer, done: (signature: Buffer) => void) => void,
  ): void;
  exec(channel: number, command: string, wantReply: boolean): void;
  channelData(channel: number, data: Buffer): void;
}

/** Whether this is the Protocol of ssh2 1.17.0 before its first message; with another version, or state, no login is fast. */
export function isProtocol(value: unknown): value is Protocol {
  if (typeof value !== 'object' || value === null) return false;
  if (String(Reflect.get(value, '_identRaw')) !== 'SSH-2.0-ssh2js1.17.0') return false;
  const methods = ['_onHeader', 'start', 'rekey', 'service', 'authPK', 'exec', 'channelData'];
  const unset = ['_kex', '_kexinit'];
  return (
    methods.every((name) => typeof Reflect.get(value, name) === 'function') &&
    unset.every((name) => name in value && Reflect.get(value, name) === undefined)
  );
}
