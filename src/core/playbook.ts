import type { Json, JsonObject } from './json.ts';
import type { Place } from './place.ts';
import type { Secret } from './secret.ts';

/** A possible value of a template or condition: JSON with Secrets allowed instead of strings. */
export type Value = string | number | boolean | null | Secret | readonly Value[] | { readonly [key: string]: Value };

/**
 * Result of an evaluation. `pending` names the variables that have no value yet: results of tasks that have not been
 * evaluated (in a run), or that cannot be known before a change is applied (in a plan).
 */
export type Evaluated<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'pending'; readonly names: readonly string[] };

/** Variables of one task on one host: all levels of precedence are resolved, values are evaluated on demand. */
export interface Variables {
  readonly lookup: (name: string) => Evaluated<Value> | undefined;
  readonly names: () => readonly string[];
  /** A view with more variables on top: loop items, task vars, registered results. */
  readonly with: (more: Readonly<Record<string, Evaluated<Value>>>) => Variables;
}

/** Compiled text with `{{ }}`, or a tree of such texts. Checked before any connection; throws HealError with a place. */
export interface Template<T = Value> {
  readonly at: Place;
  /** Root names of the variables it uses. */
  readonly inputs: readonly string[];
  readonly evaluate: (variables: Variables) => Evaluated<T>;
  /** As written in the file, if it is a string: shown for a name whose variables have no value yet. */
  readonly source?: string;
}

/** A compiled CEL condition. CEL's `&&` and `||` ignore a pending side if the other one decides the result. */
export interface Condition {
  readonly at: Place;
  readonly source: string;
  readonly inputs: readonly string[];
  readonly evaluate: (variables: Variables) => Evaluated<boolean>;
}

/** The keywords of any task, handler or check. */
export interface Task {
  /** Stable across runs: its position in its file, e.g. `roles/jack-service/tasks/main.yml#3`. */
  readonly id: string;
  readonly name: Template<string>;
  readonly module: string;
  /** The module's arguments; after evaluation they are checked strictly against the module's schema. */
  readonly args: Template<{ readonly [key: string]: Value }>;
  /** The conditions in arguments that the module's schema names in `conditions` (assert's `that`); not part of `args`. */
  readonly conditions: readonly Condition[];
  /** Place of each top-level argument, for errors after rendering. */
  readonly argPlaces: Readonly<Record<string, Place>>;
  readonly at: Place;
  readonly role?: Role;
  readonly when: readonly Condition[];
  readonly loop?: Template;
  readonly loopVar: string;
  readonly register?: string;
  readonly until?: Condition;
  /** Number of retries. Default 3 with `until`, as in Ansible. */
  readonly retries: number;
  /** Seconds. */
  readonly delay: number;
  readonly changedWhen: readonly Condition[];
  readonly failedWhen: readonly Condition[];
  readonly ignoreErrors: boolean;
  readonly notify: readonly Template<string>[];
  readonly listen: readonly string[];
  readonly become?: boolean;
  readonly becomeUser?: Template<string>;
  readonly environment?: Template<{ readonly [key: string]: Value }>;
  readonly noLog: boolean;
  /** `check_mode: true|false`, if given. */
  readonly checkMode?: boolean;
  /** Seconds; undefined waits without limit. */
  readonly timeout?: number;
  readonly tags: readonly string[];
  readonly vars: Readonly<Record<string, Template>>;
  /** The blocks around it, the outermost first; none if it is not in a block. */
  readonly blocks?: readonly BlockPart[];
  readonly loopControl?: LoopControl;
  /** Names of the hosts that have it; undefined: all hosts of the play. */
  readonly onlyOn?: ReadonlySet<string>;
  /** Name of the host on which it runs, instead of that of its variables; `localhost` is the control node. */
  readonly delegateTo?: Template<string>;
  readonly runOnce?: boolean;
  readonly ignoreUnreachable?: boolean;
  /** The list of the play that contains it: the pending handlers run between two lists. None: `roles` or `tasks`. */
  readonly section?: 'pre_tasks' | 'post_tasks';
  /** `diff: false` hides the diffs of this task. */
  readonly diff?: boolean;
}

/** A `block:` with its `rescue:` and `always:`; `Task.blocks` connects the tasks to it. */
export interface Block {
  readonly id: string;
  readonly at: Place;
  readonly name?: string;
}

/** The part of a Block that contains a task. */
export interface BlockPart {
  readonly block: Block;
  readonly part: 'block' | 'rescue' | 'always';
}

/** The keys of `loop_control` except `loop_var`. */
export interface LoopControl {
  readonly label?: Template;
  /** Name of the variable with the item's 0-based number. */
  readonly indexVar?: string;
  /** Seconds between two items. */
  readonly pause?: number;
}

/** One drill of a role: break something, watch the recovery, restore it. */
export interface Drill {
  readonly id: string;
  readonly name: string;
  readonly at: Place;
  readonly role?: Role;
  readonly tags: readonly string[];
  /** True if it would disturb a real host's users: heal asks first, --yes answers. */
  readonly disturbs: boolean;
  readonly when: readonly Condition[];
  readonly prepare: readonly Task[];
  readonly break: readonly Task[];
  /** Checks that are repeated until all pass. */
  readonly heals: readonly Heal[];
  readonly restore: readonly Task[];
}

/** A check of a drill with the time in which it must pass. */
export interface Heal {
  readonly task: Task;
  /** Seconds. */
  readonly within: number;
}

/** A role: `roles/<name>/`. */
export interface Role {
  readonly name: string;
  /** Absolute local directory. */
  readonly directory: string;
  readonly description: string;
}

/** A play connects a host pattern with roles and tasks. The list contains the tasks in the order in which they run. */
export interface Play {
  readonly name: string;
  readonly at: Place;
  readonly hosts: string;
  readonly tasks: readonly Task[];
  readonly handlers: readonly Task[];
  readonly verify: readonly Task[];
  /** Rows of the score card: each passes or fails, and none stops the others. They cannot use results of tasks. */
  readonly score: readonly Task[];
  readonly drills: readonly Drill[];
  /** Hosts per batch; empty means all at once. Entries are counts or percentages ("30%"). */
  readonly serial: readonly (number | string)[];
  /** A failure on one host ends the play on all hosts of the batch. */
  readonly anyErrorsFatal?: boolean;
  /** The play ends if more than this percentage of a batch has failed. */
  readonly maxFailPercentage?: number;
  /** Also run pending handlers on hosts that failed. */
  readonly forceHandlers?: boolean;
  readonly roles: readonly Role[];
  /** Variables of one host in this play; `extra` are those of the command line. */
  readonly variables: (host: Host, task: Task | undefined, known: Known) => Variables;
}

/** Values of a host in addition to the project's files. */
export interface Known {
  /** `facts`, registered results by name, `inventory_hostname` and the like come from the caller or the inventory. */
  readonly values: Readonly<Record<string, Evaluated<Value>>>;
  /** The same values of another host, by its name: what `hostvars` shows in addition to the inventory's variables. */
  readonly others?: (host: string) => Readonly<Record<string, Evaluated<Value>>>;
}

/** A list of plays: `tasks/site.yml`. */
export interface Playbook {
  /** Its name on the command line. */
  readonly name: string;
  readonly plays: readonly Play[];
  /** Every secret in the project's variables, for the mask. */
  readonly secrets: readonly Secret[];
}

/** A host of the inventory. */
export interface Host {
  readonly name: string;
  readonly at: Place;
  /** Its groups, from `all` down to the nearest. */
  readonly groups: readonly string[];
  /** Its variables after precedence (group_vars, host_vars), still as templates. */
  readonly vars: Readonly<Record<string, Template>>;
}

/** The part of a module's declaration for code that checks a playbook before the run. */
export interface ModuleSchema {
  readonly name: string;
  /** JSON Schema (draft-07) of its arguments: an object. */
  readonly schema: JsonObject;
  /** Argument that a bare string sets: `command: uptime`. */
  readonly shorthand?: string;
  /** Other names of arguments, which Ansible allows: `dest` of `file` is `path`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Arguments that contain a condition (CEL) instead of a template: `assert: { that: [...] }`. */
  readonly conditions?: readonly string[];
  /**
   * Errors in arguments that the schema allows: two that exclude each other, an invalid regular expression.
   * Called after all defaults are set, before any connection if the arguments are known by then. May throw HealError.
   */
  readonly misuse?: (args: JsonObject) => Misuse | undefined;
}

/** Why the arguments are invalid; the message points at `argument`. */
export interface Misuse {
  readonly argument?: string;
  /** Lower case, without a final period. */
  readonly message: string;
  readonly hint?: string;
}

/** Result of a task as `register` stores it. */
export type Result = { readonly [key: string]: Json };
