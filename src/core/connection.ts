import type { Secret } from './secret.ts';
import type { Sh } from './sh.ts';

/** One framed piece of what a program says: `NONCE KIND ID WORDS... LENGTH`, then LENGTH bytes. */
export interface Frame {
  readonly kind: string;
  readonly id: string;
  readonly words: readonly string[];
  readonly body: Buffer;
}

/** Result of a command on a channel of its own. */
export interface ChannelResult {
  /** Undefined when the channel ended without saying (a lost line). */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Takes a piece of what a command printed; the next one comes when the promise has resolved. A rejection ends the command. */
export type ChannelOutput = (chunk: Buffer) => Promise<void>;

/** One login to one host and the shell kept open on it. Only src/ssh makes real ones; tests hand in others. */
export interface Connection {
  readonly host: string;
  /**
   * Runs one program in the kept shell and yields its frames as they come; resolves when its last frame (`end`) came.
   * Programs run one after the other. Rejects with an `unreachable` HealError when the line is lost.
   * `onSent` is called when its turn has come.
   */
  run(program: Sh, onFrame: (frame: Frame) => void, signal: AbortSignal, onSent?: () => void): Promise<void>;
  /**
   * Runs it in the kept shell itself, after the programs before it: a descriptor that it opens stays open. It is only sent, so it
   * costs no round trip; it must not wait, and its result is not reported.
   */
  load(text: Sh): void;
  /**
   * A command on a channel of its own with `input` as its stdin: for contents too large for a program. What it prints is
   * handed to `output` piece by piece, where that is given; the channel waits for each. Else it is in the result.
   */
  channel(
    command: Sh,
    input: AsyncIterable<Uint8Array> | undefined,
    signal: AbortSignal,
    output?: ChannelOutput,
  ): Promise<ChannelResult>;
  /** Messages sent and waited for so far: what the benchmarks and tests count. The login is not among them. */
  readonly roundTrips: number;
  close(): Promise<void>;
}

/** How a host is reached: its connection variables, after precedence. */
export interface Login {
  /** Name in the inventory. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute local path; undefined tries the agent and the default keys. */
  readonly identityFile?: string;
  /** Keys of ~/.ssh/config, absolute local paths; those that do not exist are passed over. Empty: no key files. */
  readonly identityFiles?: readonly string[];
  /** Whether the agent's other keys are left out. */
  readonly identitiesOnly?: boolean;
  /** The agent of this host; undefined is the user's. */
  readonly agent?: 'none' | { readonly socket: string };
  /** Sent when no key was accepted. */
  readonly password?: Secret;
  readonly become: boolean;
  readonly becomeUser: string;
  /** What sudo is told if it asks the login user for a password. */
  readonly becomePassword?: Secret;
  readonly hostKeyChecking: 'strict' | 'accept-new' | 'off';
  /** False: a person is not asked about an unknown key (StrictHostKeyChecking yes). */
  readonly askHostKey?: boolean;
  /** Whether the name of a new host is hashed in known_hosts. */
  readonly hashKnownHosts?: boolean;
  /** Absolute local path. */
  readonly knownHostsFile: string;
  /** Read as well, never written. */
  readonly moreKnownHostsFiles?: readonly string[];
  /** Name of the host in these files in place of its address. */
  readonly hostKeyAlias?: string;
  /** Seconds for the whole login. */
  readonly connectTimeout: number;
  /** How often a silent host is asked for a sign of life, and how often it may stay silent. */
  readonly keepalive?: { readonly seconds: number; readonly count: number };
  /** The jump host through which it is reached; that one may have one, too. */
  readonly jump?: Login;
  /** Which of these values were set by the inventory (the others are defaults that ~/.ssh/config may override). */
  readonly given: ReadonlySet<string>;
}

/** Opens a Connection and runs `first` on it in the same flight as the login, which saves a round trip. */
export type Connect = (
  login: Login,
  first: Sh,
  onFrame: (frame: Frame) => void,
  signal: AbortSignal,
) => Promise<Connection>;
