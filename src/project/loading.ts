import type { ModuleSchema, Role } from '../core/playbook.ts';
import type { YamlLoader } from './load-yaml.ts';
import type { Problems } from './problems.ts';
import type { SecretStore } from './secret-source.ts';
import type { Roots } from './source-file.ts';

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
  readonly role?: Role;
  /** Path of the file in the Task's id: relative to its root, so that it is the same on every machine. */
  readonly idBase: string;
}
