import type { Json, JsonObject } from './json.ts';
import type { Place } from './place.ts';
import type { Secret } from './secret.ts';

/** A value that a template or condition can give: JSON in which a Secret may stand for a string. */
export type Value = string | number | boolean | null | Secret | readonly Value[] | { readonly [key: string]: Value };

/**
 * What evaluating gave. `pending` names the variables that have no value yet: results of tasks that have not been
 * decided (in a run), or that cannot be known before a change is made (in a plan).
 */
export type Evaluated<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'pending'; readonly names: readonly string[] };

/** Variables as one task on one host sees them: every level of precedence resolved, values evaluated when asked for. */
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
  /** As written in the file, where it is a string: what is shown of a name whose variables have no value yet. */
  readonly source?: string;
}

/** A compiled CEL condition. CEL's `&&` and `||` absorb a pending side where the other one decides. */
export interface Condition {
  readonly at: Place;
  readonly source: string;
  readonly inputs: readonly string[];
  readonly evaluate: (variables: Variables) => Evaluated<boolean>;
}

/** The keywords that steer any task, a handler or a check. */
export interface Task {
  /** Stable over runs: where it stands in its file, e.g. `roles/jack-service/tasks/main.yml#3`. */
  readonly id: string;
  readonly name: Template<string>;
  readonly module: string;
  /** The module's arguments; after evaluation they are checked strictly against the module's schema. */
  readonly args: Template<{ readonly [key: string]: Value }>;
  /** The conditions that stand in arguments which the module's schema names in `conditions` (assert's `that`); left out of `args`. */
  readonly conditions: readonly Condition[];
  /** Place of each top-level argument, for errors that come after rendering. */
  readonly argPlaces: Readonly<Record<string, Place>>;
  readonly at: Place;
  readonly role?: Role;
  readonly when: readonly Condition[];
  readonly loop?: Template;
  readonly loopVar: string;
  readonly register?: string;
  readonly until?: Condition;
  /** Times asked again. Default 3 where `until` is given, as in Ansible. */
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
  /** `check_mode: true|false` where given. */
  readonly checkMode?: boolean;
  /** Seconds; undefined waits for ever. */
  readonly timeout?: number;
  readonly tags: readonly string[];
  readonly vars: Readonly<Record<string, Template>>;
  /** The blocks around it, the outermost first; none where it stands alone. */
  readonly blocks?: readonly BlockPart[];
  readonly loopControl?: LoopControl;
  /** `localhost` is the workstation; nothing else is known yet. */
  readonly delegateTo?: Template<string>;
  readonly runOnce?: boolean;
  readonly ignoreUnreachable?: boolean;
  /** `diff: false` hides the diffs of this task. */
  readonly diff?: boolean;
}

/** A `block:` with its `rescue:` and `always:`; the tasks in it know by `Task.blocks` where they stand. */
export interface Block {
  readonly id: string;
  readonly at: Place;
  readonly name?: string;
}

/** A part of a Block that a task stands in. */
export interface BlockPart {
  readonly block: Block;
  readonly part: 'block' | 'rescue' | 'always';
}

/** What `loop_control` says besides `loop_var`. */
export interface LoopControl {
  readonly label?: Template;
  /** Name under which the item's 0-based number is seen. */
  readonly indexVar?: string;
  /** Seconds between two items. */
  readonly pause?: number;
}

/** One drill of a role: break it, see it heal, put it back. */
export interface Drill {
  readonly id: string;
  readonly name: string;
  readonly at: Place;
  readonly role?: Role;
  readonly tags: readonly string[];
  /** True where it would disturb a real host's users: asked before, answered by --yes. */
  readonly disturbs: boolean;
  readonly when: readonly Condition[];
  readonly prepare: readonly Task[];
  readonly break: readonly Task[];
  /** Checks asked again and again until they all hold. */
  readonly heals: readonly Heal[];
  readonly restore: readonly Task[];
}

/** A check of a drill with the time in which it must come to hold. */
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

/** A play joins a host pattern with roles and tasks. Tasks are in the order in which they run. */
export interface Play {
  readonly name: string;
  readonly at: Place;
  readonly hosts: string;
  readonly tasks: readonly Task[];
  readonly handlers: readonly Task[];
  readonly verify: readonly Task[];
  /** Rows of the score card: each holds or does not, and none stops the others. They know no results of tasks. */
  readonly score: readonly Task[];
  readonly drills: readonly Drill[];
  /** Hosts per batch, in turn; empty is all at once. Entries are counts or percentages ("30%"). */
  readonly serial: readonly (number | string)[];
  /** A failure on one host ends the play on all hosts of the batch. */
  readonly anyErrorsFatal?: boolean;
  /** The play ends when more than this part of a batch has failed; per cent. */
  readonly maxFailPercentage?: number;
  /** Pending handlers run on hosts that failed, too. */
  readonly forceHandlers?: boolean;
  readonly roles: readonly Role[];
  /** Variables of one host in this play; `extra` are those of the command line. */
  readonly variables: (host: Host, task: Task | undefined, known: Known) => Variables;
}

/** What is known of a host besides what the project's files say. */
export interface Known {
  /** `facts`, registered results by name, `inventory_hostname` and the like come from the caller or the inventory. */
  readonly values: Readonly<Record<string, Evaluated<Value>>>;
  /** The same of another host, by its name: what `hostvars` shows besides the inventory's variables. */
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
  /** Groups it is in, from `all` down to the nearest. */
  readonly groups: readonly string[];
  /** Its variables after precedence (group_vars, host_vars), still as templates. */
  readonly vars: Readonly<Record<string, Template>>;
}

/** What a module's declaration gives to whoever checks a playbook before the run. */
export interface ModuleSchema {
  readonly name: string;
  /** JSON Schema (draft-07) of its arguments: an object. */
  readonly schema: JsonObject;
  /** Argument that a bare text stands for: `command: uptime`. */
  readonly shorthand?: string;
  /** Arguments that hold a condition (CEL) rather than a template: `assert: { that: [...] }`. */
  readonly conditions?: readonly string[];
  /**
   * What is wrong with arguments that the schema allows: two that exclude each other, a regular expression that is none.
   * Called with all defaults in place, before any connection where the arguments are known by then. May throw HealError.
   */
  readonly misuse?: (args: JsonObject) => Misuse | undefined;
}

/** Why arguments can't be used; `argument` is the one to point at. */
export interface Misuse {
  readonly argument?: string;
  /** Lower case, without a final period. */
  readonly message: string;
  readonly hint?: string;
}

/** Result of a task as `register` keeps it. */
export type Result = { readonly [key: string]: Json };
