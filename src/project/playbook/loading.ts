import type { Place } from '../../core/place.ts';
import type { BlockPart, Condition, ModuleSchema, Role, Task, Template, Variables } from '../../core/playbook.ts';
import type { SecretStore } from '../variables/secret-source.ts';
import type { ValueMap } from '../variables/value.ts';
import type { YamlLoader } from '../yaml/load-yaml.ts';
import type { Problems } from '../yaml/problems.ts';
import type { Roots } from '../yaml/source-file.ts';

/** What every reader of a playbook's parts is given. */
export interface Loading {
  readonly roots: Roots;
  readonly catalogue: ReadonlyMap<string, ModuleSchema>;
  readonly loader: YamlLoader;
  readonly secrets: SecretStore;
  readonly problems: Problems;
  /** Checks that need the run of the event loop (ajv): awaited before the playbook is handed out. */
  readonly later: (() => Promise<void>)[];
}

/** Loading, inside of a role or a play. */
export interface TaskContext {
  readonly loading: Loading;
  readonly scope: PlayScope;
  readonly role?: Role;
  /** Of the file that is read: names of other files begin beside it. */
  readonly path: string;
  /** Path of the file in the Task's id: relative to its root, so that it is the same on every machine. */
  readonly idBase: string;
  /** What is being imported, the outermost first: none of it may import itself. */
  readonly within: readonly string[];
}

/** What the parts of one play share while they are read. */
export interface PlayScope {
  /** The path of a file in ids; a second use of it in the play has ids of its own. */
  readonly idBase: (path: string) => string;
  /** Variables as far as they are known before the run, of each of the play's hosts; of none where it has no host. */
  readonly views: (role: Role | undefined, vars: Readonly<Record<string, Template>>) => readonly HostView[];
  /** Adds a role, with what it depends on before it, to the play. Gives the tasks of all that was added. */
  readonly addRole: (use: RoleUse, within: readonly string[]) => Promise<Task[]>;
}

/** One host's view. */
export interface HostView {
  readonly host: string;
  readonly variables: Variables;
}

/** What a play, a role, a block or an import hands down to its tasks. */
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
  /** Seconds; 0 waits for ever. */
  readonly timeout?: number;
  readonly delegateTo?: Template<string>;
  readonly notify: readonly Template<string>[];
  readonly vars: Readonly<Record<string, Template>>;
  readonly blocks: readonly BlockPart[];
}

/** How a play, a dependency or a task names a role. */
export interface RoleUse {
  readonly name: string;
  readonly at: Place;
  readonly inherited: Inherited;
  readonly params: Readonly<Record<string, Template>>;
  /** Equal for uses that would do the same: the second one is left out. Undefined runs again each time. */
  readonly key?: string;
  /** Files that are read instead of `main`. */
  readonly from: Readonly<Partial<Record<RoleFile, string>>>;
  /** Whether its defaults and vars are seen by the whole play, or by its own tasks alone. */
  readonly open: boolean;
}

/** Files of a role that `tasks_from` and its like choose. */
export type RoleFile = 'tasks' | 'handlers' | 'vars' | 'defaults';
