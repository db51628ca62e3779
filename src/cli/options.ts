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

/** What the command line says, checked. */
export interface Options {
  readonly command: CommandName;
  /** The playbook or role of run, plan, verify, drill and status; the pattern of ping and hosts, `all` where none is given; the host of vars and ssh; the action of backup; the source of cp. */
  readonly target: string;
  /** Names of all options that were given. */
  readonly given: ReadonlySet<string>;
  /** What else was named: the variable of vars, the host of backup, the command of ssh, the destination of cp. */
  readonly second?: string;
  readonly limit?: string;
  /** Files or directories; empty is the project's own. */
  readonly inventory: readonly string[];
  /** As given: `name=value`, JSON, YAML or `@file`. Later ones win. */
  readonly extraVars: readonly string[];
  /** Empty is all. */
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
  /** Of vars: whose plays' view it is. */
  readonly playbook?: string;
  readonly syntaxCheck: boolean;
  readonly yes: boolean;
  readonly deep: boolean;
  readonly user?: string;
  /** As given; `~` is not resolved yet. */
  readonly privateKey?: string;
  readonly askPass: boolean;
  readonly become?: boolean;
  readonly askBecomePass: boolean;
  /** As given. */
  readonly project?: string;
  /** Of backup: the directory of the backups, as given. */
  readonly backups?: string;
  /** Of backup restore: the directory that it unpacks into, the time of the backup, and paths; as given. */
  readonly to?: string;
  readonly at?: string;
  readonly only: readonly string[];
  /** Of backup verify: the age that the newest good backup of a host may have, as given. */
  readonly maxAge?: string;
  /** Of backup prune: what is kept, as given. */
  readonly keep?: string;
  /** Of backup: each one, not only the newest of each host. */
  readonly all: boolean;
}
