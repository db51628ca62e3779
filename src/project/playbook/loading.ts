import type { Place } from '../../core/place.ts';
import type { BlockPart, Condition, ModuleSchema, Role, Task, Template, Variables } from '../../core/playbook.ts';
import type { SecretStore } from '../variables/secret-source.ts';
import type { ValueMap } from '../variables/value.ts';
import type { YamlLoader } from '../yaml/load-yaml.ts';
import type { Problems } from '../yaml/problems.ts';
import type { Roots } from '../yaml/source-file.ts';
import type { Entry } from '../yaml/yaml-file.ts';

/** Inputs of every reader of a playbook's parts. */
export interface Loading {
  readonly roots: Roots;
  readonly catalogue: ReadonlyMap<string, ModuleSchema>;
  readonly loader: YamlLoader;
  readonly secrets: SecretStore;
  readonly problems: Problems;
  /** Checks that must run asynchronously (ajv): awaited before the playbook is returned. */
  readonly later: (() => Promise<void>)[];
}

/** Loading, inside of a role or a play. */
export interface TaskContext {
  readonly loading: Loading;
  readonly scope: PlayScope;
  readonly role?: Role;
  /** Path of the file that is read: names of other files are relative to its directory. */
  readonly path: string;
  /** Path of the file in the Task's id: relative to its root, so that it is the same on every machine. */
  readonly idBase: string;
  /** The files that are being imported, the outermost first: none of them may import itself. */
  readonly within: readonly string[];
  /** Names of the hosts for which the file is read; undefined: all hosts of the play. */
  readonly onlyOn?: ReadonlySet<string>;
}

/** State that the parts of one play share while they are read. */
export interface PlayScope {
  /** The path of a file in ids; a second use of it in the play gets other ids. */
  readonly idBase: (path: string) => string;
  /** The variables known before the run, as one view for each of the play's hosts; empty if the play has no host. */
  readonly views: (role: Role | undefined, vars: Readonly<Record<string, Template>>) => readonly HostView[];
  /** Adds a role, after its dependencies, to the play. Returns the tasks of all added roles. */
  readonly addRole: (use: RoleUse, within: readonly string[]) => Promise<Task[]>;
}

/** One host's view. */
export interface HostView {
  readonly host: string;
  readonly variables: Variables;
}

/** Keywords that tasks inherit from a play, a role, a block or an import. */
export interface Inherited {
  readonly when: readonly Condition[];
  readonly tags: readonly string[];
  readonly become?: boolean;
  readonly becomeUser?: Template<string>;
  readonly environment: readonly Template<ValueMap>[];
  readonly ignoreErrors?: boolean;
  readonly ignoreUnreachable?: boolean;
  readonly noLog?: boolean;
  readonly checkMode?: boolean;
  readonly diff?: boolean;
  readonly runOnce?: boolean;
  /** Seconds; 0 waits without limit. */
  readonly timeout?: number;
  readonly delegateTo?: Template<string>;
  readonly notify: readonly Template<string>[];
  /** Arguments by the name of their module: for tasks that do not have them. */
  readonly moduleDefaults: Readonly<Record<string, readonly Entry[]>>;
  readonly vars: Readonly<Record<string, Template>>;
  readonly blocks: readonly BlockPart[];
}

/** The reference to a role in a play, a dependency or a task. */
export interface RoleUse {
  readonly name: string;
  readonly at: Place;
  readonly inherited: Inherited;
  readonly params: Readonly<Record<string, Template>>;
  /** Equal for uses with the same effect: the second one is left out. Undefined runs again each time. */
  readonly key?: string;
  /** Files that are read instead of `main`. */
  readonly from: Readonly<Partial<Record<RoleFile, string>>>;
  /** Names of the hosts that have its tasks; undefined: all hosts of the play. */
  readonly onlyOn?: ReadonlySet<string>;
  /** Whether the whole play sees its defaults and vars, or only its own tasks. */
  readonly open: boolean;
}

/** Files of a role that `tasks_from` and similar keys select. */
export type RoleFile = 'tasks' | 'handlers' | 'vars' | 'defaults';
