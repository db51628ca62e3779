/** Commands of heal. */
export const commandNames = [
  'run',
  'plan',
  'verify',
  'drill',
  'status',
  'ping',
  'hosts',
  'vars',
  'backup',
  'ssh',
  'cp',
] as const;

export type CommandName = (typeof commandNames)[number];

/** The options of the command line, checked. */
export interface Options {
  readonly command: CommandName;
  /** First positional: playbook or role; pattern of ping and hosts (default `all`); a host; backup's action; a source (cp). */
  readonly target: string;
  /** Names of all options that were given. */
  readonly given: ReadonlySet<string>;
  /** The second positional: the variable of vars, the host of backup, the command of ssh, the destination of cp. */
  readonly second?: string;
  readonly limit?: string;
  /** Files or directories; empty means the project's own. */
  readonly inventory: readonly string[];
  /** As given: `name=value`, JSON, YAML or `@file`. Later ones win. */
  readonly extraVars: readonly string[];
  /** Empty means all. */
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly check: boolean;
  readonly diff: boolean;
  readonly forks: number;
  /** Seconds. */
  readonly lockTimeout: number;
  readonly output: 'text' | 'json';
  readonly verbose: number;
  readonly listHosts: boolean;
  readonly listTasks: boolean;
  readonly listTags: boolean;
  readonly startAtTask?: string;
  readonly forceHandlers: boolean;
  /** For vars: the playbook whose plays determine the variables. */
  readonly playbook?: string;
  readonly syntaxCheck: boolean;
  readonly yes: boolean;
  readonly deep: boolean;
  readonly user?: string;
  /** As given; `~` is not resolved yet. */
  readonly privateKey?: string;
  readonly askPass: boolean;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: 'sudo' | 'su';
  readonly askBecomePass: boolean;
  /** As given. */
  readonly project?: string;
  /** For backup: the directory of the backups, as given. */
  readonly backups?: string;
  /** For backup restore: the target directory, the time of the backup, and paths; as given. */
  readonly to?: string;
  readonly at?: string;
  readonly only: readonly string[];
  /** For backup verify: the maximum age of the newest good backup of a host, as given. */
  readonly maxAge?: string;
  /** For backup prune: the backups to keep, as given. */
  readonly keep?: string;
  /** For backup: every backup, not only the newest of each host. */
  readonly all: boolean;
}
