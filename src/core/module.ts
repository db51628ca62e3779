import type { Change, Content } from './change.ts';
import type { Facts } from './facts.ts';
import type { Json, JsonObject } from './json.ts';
import type { ModuleSchema } from './playbook.ts';
import type { Account, Question } from './probe.ts';

/** What a module decided. A plain list of Changes stands for `{ changes }`. */
export interface Decision {
  readonly changes: readonly Change[];
  /** What `register` gets besides changed, failed, skipped, msg and what a free command printed. */
  readonly result?: JsonObject;
  /** Why the task can't be done: lower case, what was wanted and what was found. */
  readonly failed?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Said beside `ok`: "creates /srv/x is there". */
  readonly message?: string;
}

/** A file of the workstation that a module wants: loaded, and for templates rendered, by the engine before `plan`. */
export interface LocalRequest {
  /**
   * `directory` gives a Content with what is in it. `kept` is a file that the module writes, which may not be there:
   * then its size is 0 and its hash empty. `output` is a directory that the module's changes write into; nothing of it
   * is read. `backup` is the archive of a backup in a directory of backups.
   */
  readonly kind: 'template' | 'file' | 'directory' | 'kept' | 'output' | 'backup';
  /**
   * As the task gives it; looked up in role, project, shipped. `kept`, `output` and `backup` are from the project's directory on.
   */
  readonly src: string;
  /** Of a directory: patterns of what is left out (src/modules/files/excludes.ts). */
  readonly exclude?: readonly string[];
  /** Of a backup: its name, or the beginning of it; default is the newest. */
  readonly at?: string;
}

/** What both functions of a module get besides the arguments. */
export interface Input {
  readonly facts: Facts;
  /** Put it into each Question. */
  readonly account: Account;
  /** Loaded local inputs, by the names that `locals` gave. */
  readonly locals: Readonly<Record<string, Content>>;
  /** Conditions among the arguments (assert), already evaluated: source and result. */
  readonly conditions: readonly { readonly source: string; readonly holds: boolean }[];
  readonly checkMode: boolean;
  /** True where an argument or a local input holds a secret: what it replaces on the host may be one, too. */
  readonly secret?: boolean;
}

/** Reads the answer so far: undefined where it is absent or was not asked yet (`reads` is then called again). */
export type Look = <V>(question: Question<V>) => V | undefined;

/** Answers by the names that `reads` gave; undefined is a certain absence. Denied, timeout and the like never get here. */
export type Answers<R> = {
  readonly [K in keyof R]: R[K] extends Question<infer V> | undefined ? V | undefined : never;
};

/** The questions of a task by name. */
export type Reads = { readonly [name: string]: Question<unknown> | undefined };

/** A type of task as the engine sees it; src/modules/definition/define.ts makes one from a typed declaration. */
export interface Module extends ModuleSchema {
  /** One sentence: "Keeps a directory present with a given owner and mode, or absent." */
  readonly about: string;
  readonly examples: readonly { readonly name: string; readonly args: Json }[];
  /** True where it never changes a host (assert, stat, uri GET): allowed among checks. */
  readonly readonly: boolean;
  readonly locals: (args: JsonObject) => Readonly<Record<string, LocalRequest>>;
  /** Pure. Called again with what was answered, three rounds at most, until it asks for nothing new. */
  readonly reads: (args: JsonObject, look: Look, input: Input) => Reads;
  /**
   * Pure: no I/O, no clock. `before` holds the answers from before the Changes when it is called to prove them (a
   * restart is proven by another InvocationID).
   */
  readonly plan: (args: JsonObject, answers: Answers<Reads>, input: Input, before?: Answers<Reads>) => Decision;
}
