import type { Place } from './place.ts';
import type { Secret } from './secret.ts';
import type { Sh } from './sh.ts';

/** One frame of a program's output: `NONCE KIND ID WORDS... LENGTH`, then LENGTH bytes. */
export interface Frame {
  readonly kind: string;
  readonly id: string;
  readonly words: readonly string[];
  readonly body: Buffer;
}

/** Result of a command on a separate channel. */
export interface ChannelResult {
  /** Undefined if the channel ended without an exit code (connection lost). */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Receives a piece of a command's output; the next one comes when the promise has resolved. A rejection ends the command. */
export type ChannelOutput = (chunk: Buffer) => Promise<void>;

/** One login to one host and its persistent shell. Only src/ssh creates real ones; tests use others. */
export interface Connection {
  readonly host: string;
  /**
   * Runs one program in the persistent shell and yields its frames as they arrive; resolves after its last frame (`end`).
   * Programs run one after the other. Rejects with an `unreachable` HealError if the connection is lost.
   * `onSent` is called when the program is sent.
   */
  run(program: Sh, onFrame: (frame: Frame) => void, signal: AbortSignal, onSent?: () => void): Promise<void>;
  /**
   * Runs it in the persistent shell itself, after the programs before it: a descriptor that it opens stays open. It is only sent,
   * so it costs no round trip; it must not wait, and its result is not reported.
   */
  load(text: Sh): void;
  /**
   * A command on a separate channel with `input` as its stdin: for contents too large for a program. Its output is
   * passed to `output` piece by piece, if that is given; the channel waits for each. Otherwise it is in the result.
   */
  channel(
    command: Sh,
    input: AsyncIterable<Uint8Array> | undefined,
    signal: AbortSignal,
    output?: ChannelOutput,
  ): Promise<ChannelResult>;
  /** Messages sent and waited for so far, which the benchmarks and tests count. The login is not included. */
  readonly roundTrips: number;
  close(): Promise<void>;
}

/** A ProxyCommand of ssh_config(5), its tokens expanded. */
export interface ProxyCommand {
  readonly text: string;
  /** The user's shell on the control node, which runs it; undefined on Windows: cmd.exe. */
  readonly shell?: string;
  readonly at: Place;
}

/** How to connect to a host: its connection variables, after precedence. */
export interface Login {
  /** Name in the inventory. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute local path; undefined tries the agent and the default keys. */
  readonly identityFile?: string;
  /** Keys of ~/.ssh/config, absolute local paths; missing files are skipped. Empty: no key files. */
  readonly identityFiles?: readonly string[];
  /** Whether the agent's other keys are not offered. */
  readonly identitiesOnly?: boolean;
  /** The agent of this host; undefined is the user's. */
  readonly agent?: 'none' | { readonly socket: string };
  /** Sent if no key was accepted. */
  readonly password?: Secret;
  readonly become: boolean;
  readonly becomeUser: string;
  readonly becomeMethod: 'sudo' | 'su';
  /** For sudo the password of the login user, if sudo asks for one; for su that of root. */
  readonly becomePassword?: Secret;
  readonly hostKeyChecking: 'strict' | 'accept-new' | 'off';
  /** False: heal does not ask the user about an unknown key (StrictHostKeyChecking yes). */
  readonly askHostKey?: boolean;
  /** Whether the name of a new host is hashed in known_hosts. */
  readonly hashKnownHosts?: boolean;
  /** Absolute local path. */
  readonly knownHostsFile: string;
  /** Also read, never written. */
  readonly moreKnownHostsFiles?: readonly string[];
  /** Name of the host in these files, instead of its address. */
  readonly hostKeyAlias?: string;
  /** Seconds for the whole login. */
  readonly connectTimeout: number;
  /** Interval of the keepalive requests, and how many may stay without an answer. */
  readonly keepalive?: { readonly seconds: number; readonly count: number };
  /** The jump host for the connection, which may have a jump host, too. */
  readonly jump?: Login;
  /** The command whose stdin and stdout are the connection, instead of TCP. */
  readonly proxyCommand?: ProxyCommand;
  /** The values that the inventory sets (the others are defaults that ~/.ssh/config may override). */
  readonly given: ReadonlySet<string>;
}

/** Opens a Connection and runs `first` on it in the same flight as the login, which saves a round trip. */
export type Connect = (
  login: Login,
  first: Sh,
  onFrame: (frame: Frame) => void,
  signal: AbortSignal,
) => Promise<Connection>;
