import type { Change, Content } from './change.ts';
import type { Facts } from './facts.ts';
import type { Json, JsonObject } from './json.ts';
import type { ModuleSchema } from './playbook.ts';
import type { Account, Question } from './probe.ts';

/** The decision of a module. A plain list of Changes is short for `{ changes }`. */
export interface Decision {
  readonly changes: readonly Change[];
  /** Result for `register`, in addition to changed, failed, skipped, msg and the output of a free command. */
  readonly result?: JsonObject;
  /** Why the task is impossible: lower case, what was desired and what was found. */
  readonly failed?: string;
  /** The answers are inconsistent: the state was changed while it was read, so heal reads it again before it fails. */
  readonly inconsistent?: boolean;
  /** What to do about it. */
  readonly hint?: string;
  /** Shown next to `ok`: "creates /srv/x is there". */
  readonly message?: string;
}

/** A file of the control node that a module requires. The engine loads it, and renders templates, before `plan`. */
export interface LocalRequest {
  /**
   * `directory` gives a Content with its entries. `kept` is a file that the module writes and that may not exist:
   * then its size is 0 and its hash empty. `output` is a directory that the module's changes write into; heal does not
   * read it. `backup` is the archive of a backup in a directory of backups.
   */
  readonly kind: 'template' | 'file' | 'directory' | 'kept' | 'output' | 'backup';
  /**
   * As written in the task; searched in role, project, shipped. `kept`, `output` and `backup` are relative to the project.
   */
  readonly src: string;
  /** Of a directory: patterns of excluded entries (src/modules/files/excludes.ts). */
  readonly exclude?: readonly string[];
  /** Of a backup: its name, or the beginning of it; default is the newest. */
  readonly at?: string;
}

/** Input of both functions of a module in addition to the arguments. */
export interface Input {
  readonly facts: Facts;
  /** Pass it to each Question. */
  readonly account: Account;
  /** Loaded local inputs, under the names that `locals` gave. */
  readonly locals: Readonly<Record<string, Content>>;
  /** Conditions among the arguments (assert), already evaluated: source and result. */
  readonly conditions: readonly { readonly source: string; readonly holds: boolean }[];
  readonly checkMode: boolean;
  /** True if an argument or a local input contains a secret: the content that it replaces on the host may be one, too. */
  readonly secret?: boolean;
}

/** Reads the answer so far: undefined if it is absent or not known yet (`reads` is then called again). */
export type Look = <V>(question: Question<V>) => V | undefined;

/** Answers under the names that `reads` gave; undefined means certainly absent. Denied, timeout and the like never get here. */
export type Answers<R> = {
  readonly [K in keyof R]: R[K] extends Question<infer V> | undefined ? V | undefined : never;
};

/** The questions of a task by name. */
export type Reads = { readonly [name: string]: Question<unknown> | undefined };

/** A type of task, as the engine uses it; src/modules/definition/define.ts creates one from a typed declaration. */
export interface Module extends ModuleSchema {
  /** One sentence: "Keeps a directory present with a given owner and mode, or absent." */
  readonly about: string;
  readonly examples: readonly { readonly name: string; readonly args: Json }[];
  /** True if it never changes a host (assert, stat, uri GET): allowed in checks. */
  readonly readonly: boolean;
  readonly locals: (args: JsonObject) => Readonly<Record<string, LocalRequest>>;
  /** Pure. Called again with the answers, at most three rounds, until it asks no new questions. */
  readonly reads: (args: JsonObject, look: Look, input: Input) => Reads;
  /**
   * Pure: no I/O, no clock. `before` contains the answers from before the Changes when it is called to prove them (a
   * restart is proven by another InvocationID).
   */
  readonly plan: (args: JsonObject, answers: Answers<Reads>, input: Input, before?: Answers<Reads>) => Decision;
}
