import type { Scope } from './scope.ts';
import type { Sh } from './sh.ts';
import type { State } from './state.ts';

/** The account and environment of a question or change. Part of a Question's key. */
export interface Account {
  /** The user to become inside the program; undefined is the user of the Connection. */
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string | import('./secret.ts').Secret>>;
}

/** One item of a group: a question with an id that is unique in the program. */
export interface Item<P> {
  readonly id: string;
  readonly params: P;
}

/**
 * The type of a read-only question: how one script asks several items, and how each one's answer is parsed.
 * The script runs in a separate shell (`sh -s`, stdin /dev/null, LC_ALL=C) under the deadline, with `$N` as the
 * program's nonce. `parse` gets its output on stdout and stderr, as bytes.
 */
export interface Probe<P, V> {
  readonly name: string;
  /** One sentence for docs and errors. */
  readonly about: string;
  /** About how many milliseconds one group costs on the host; slow groups run in parallel. */
  readonly cost: number;
  /** Seconds after which a group is stopped and asked again item by item. A command may have a different deadline. */
  readonly deadline: number | ((params: P) => number);
  /** False if each item is a separate group (a command). Default true. */
  readonly together?: boolean;
  /** Unique among the items of this probe. */
  readonly key: (params: P) => string;
  /** Everything that the answer depends on. */
  readonly scopes: (params: P) => readonly Scope[];
  /** The script that asks all items. */
  readonly ask: (items: readonly Item<P>[]) => Sh;
  /** Each item's State by id; an item without one is asked again separately. */
  readonly parse: (reply: Reply, items: readonly Item<P>[]) => ReadonlyMap<string, State<V>>;
  /**
   * A condition that is true on the host while the State is unchanged: checked again right before a
   * Change acts. May use the functions of src/shell/library.ts. A method, so that a Question of V is one of unknown.
   */
  guard?(params: P, state: State<V>): Sh;
}

/** Output of a group's script. */
export interface Reply {
  readonly nonce: string;
  readonly output: Buffer;
  /** Its exit code; 124, 137 or 143 after a deadline. */
  readonly code: number;
}

/** A Probe with parameters: `entry('/etc/hosts')`. */
export interface Question<V> {
  // The type of the parameters is internal to the probe; the holder of a Question knows only the type of the answer.
  readonly probe: Probe<never, V>;
  readonly params: unknown;
  readonly account: Account;
  readonly key: string;
  readonly scopes: readonly Scope[];
}

/** Creates a Question from a probe and its parameters, for the `reads` of a module. */
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
