import type { Scope } from './scope.ts';
import type { Sh } from './sh.ts';
import type { State } from './state.ts';

/** On whose behalf and in what environment something is asked or done. Part of a Question's key. */
export interface Account {
  /** The user to become inside the program; undefined is the one that the Connection is. */
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string | import('./secret.ts').Secret>>;
}

/** One item of a group: what is asked, under an id that is unique in the program. */
export interface Item<P> {
  readonly id: string;
  readonly params: P;
}

/**
 * A read-only question's type: how many items are asked in one script, and how each one's answer is read back.
 * The script runs in a shell of its own (`sh -s`, stdin /dev/null, LC_ALL=C) under the deadline, with `$N` the
 * program's nonce. What it prints to stdout and stderr is what `parse` gets, as bytes.
 */
export interface Probe<P, V> {
  readonly name: string;
  /** One sentence for docs and errors. */
  readonly about: string;
  /** About how many milliseconds one group costs on the host; slow groups run side by side. */
  readonly cost: number;
  /** Seconds after which a group is given up and asked again item by item. A command may bring its own. */
  readonly deadline: number | ((params: P) => number);
  /** False where each item is a group of its own (a command). Default true. */
  readonly together?: boolean;
  /** Unique among the items of this probe. */
  readonly key: (params: P) => string;
  /** All that the answer depends on. */
  readonly scopes: (params: P) => readonly Scope[];
  /** The script that asks all items. */
  readonly ask: (items: readonly Item<P>[]) => Sh;
  /** Each item's State by id; an id that is left out is asked again alone. */
  readonly parse: (reply: Reply, items: readonly Item<P>[]) => ReadonlyMap<string, State<V>>;
  /**
   * A condition that is true on the host as long as the State is still what it was: checked again right before a
   * Change acts. May use the functions of src/shell/library.ts. A method, so that a Question of V is one of unknown.
   */
  guard?(params: P, state: State<V>): Sh;
}

/** What a group's script printed. */
export interface Reply {
  readonly nonce: string;
  readonly output: Buffer;
  /** Its exit code; 124, 137 or 143 after a deadline. */
  readonly code: number;
}

/** A Probe asked of something particular: `entry('/etc/hosts')`. */
export interface Question<V> {
  // The parameters' type is the probe's own affair; whoever holds a Question knows only what it answers.
  readonly probe: Probe<never, V>;
  readonly params: unknown;
  readonly account: Account;
  readonly key: string;
  readonly scopes: readonly Scope[];
}

/** Asks a probe of something: what modules put into `reads`. */
export function question<P, V>(probe: Probe<P, V>, params: P, account: Account = {}): Question<V> {
  const who = account.user ?? '';
  const environment = Object.entries(account.environment ?? {})
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : value.reveal()}`)
    .sort();
  return {
    probe: probe as unknown as Probe<never, V>,
    params,
    account,
    key: JSON.stringify([probe.name, who, environment, probe.key(params)]),
    scopes: probe.scopes(params),
  };
}
