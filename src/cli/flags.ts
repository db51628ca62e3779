import type { CommandName } from './options.ts';

/** One option of the command line, as yargs expects it and as the help shows it. */
export interface Flag {
  readonly name: string;
  readonly alias?: string;
  /** `list` may be repeated; `count` counts (-vvv). */
  readonly kind: 'boolean' | 'text' | 'list' | 'count';
  readonly about: string;
}

const inventory: Flag = {
  name: 'inventory',
  alias: 'i',
  kind: 'list',
  about: 'inventory file or directory; can be repeated',
};
const limit: Flag = {
  name: 'limit',
  alias: 'l',
  kind: 'text',
  about: 'limit to these hosts: a pattern of hosts and groups, or @FILE',
};
const project: Flag = {
  name: 'project',
  kind: 'text',
  about:
    'project directory (default: the nearest directory, from the current one upwards, that has `inventory/` or `tasks/`)',
};
const output: Flag = { name: 'output', alias: 'o', kind: 'text', about: 'output format: text or json' };
const verbose: Flag = { name: 'verbose', alias: 'v', kind: 'count', about: 'show more details; -vv even more' };

const login: readonly Flag[] = [
  { name: 'forks', alias: 'f', kind: 'text', about: 'maximum number of hosts in parallel (default 25)' },
  { name: 'user', alias: 'u', kind: 'text', about: 'log in as this user' },
  { name: 'private-key', kind: 'text', about: 'log in with this private key file' },
  { name: 'ask-pass', alias: 'k', kind: 'boolean', about: 'ask for the SSH password' },
];

const extraVars: Flag = {
  name: 'extra-vars',
  alias: 'e',
  kind: 'list',
  about: 'variables with the highest precedence: name=value, JSON or @file',
};
const become: readonly Flag[] = [
  { name: 'become', alias: 'b', kind: 'boolean', about: 'become another user' },
  { name: 'become-user', kind: 'text', about: 'user to become with -b (default: root)' },
  { name: 'become-method', kind: 'text', about: 'method for it: sudo (default) or su' },
  { name: 'ask-become-pass', alias: 'K', kind: 'boolean', about: 'ask for the password of sudo or su' },
];

/** Options of `run` that `heal backup HOST` accepts, too. */
export const runFlags: readonly Flag[] = [inventory, extraVars, ...login, ...become, verbose];

const play: readonly Flag[] = [
  limit,
  inventory,
  extraVars,
  { name: 'tags', alias: 't', kind: 'list', about: 'run only tasks with one of these tags' },
  { name: 'skip-tags', kind: 'list', about: 'skip tasks with one of these tags' },
  { name: 'diff', alias: 'D', kind: 'boolean', about: 'show diffs of changed files' },
  ...login,
  ...become,
  { name: 'list-hosts', kind: 'boolean', about: 'list the hosts, and run nothing' },
  { name: 'list-tasks', kind: 'boolean', about: 'list the tasks, and run nothing' },
  { name: 'list-tags', kind: 'boolean', about: 'list the tags of the tasks, and run nothing' },
  { name: 'syntax-check', kind: 'boolean', about: 'check the files, and run nothing' },
  output,
  verbose,
  project,
];

const check: Flag = { name: 'check', alias: 'C', kind: 'boolean', about: 'change nothing; show what would change' };

const steps: readonly Flag[] = [
  {
    name: 'start-at-task',
    kind: 'text',
    about: 'start at the task with this name (`*` and `?` are wildcards); skip all plays and tasks before it',
  },
  { name: 'force-handlers', kind: 'boolean', about: 'run pending handlers also on hosts that failed' },
];

/** Options of the commands for manual work on one host. */
const session: readonly Flag[] = [inventory, ...login.filter(({ name }) => name !== 'forks'), project];

const lockTimeout: Flag = {
  name: 'lock-timeout',
  kind: 'text',
  about: 'wait at most this many seconds for another run that is changing a host (default 300; 0: do not wait)',
};

/** A command: its name, description and arguments. */
export interface Command {
  readonly name: CommandName;
  /** After the name, in yargs' notation: `<playbook>` is required, `[pattern]` is optional. */
  readonly takes: string;
  /** Describes the positional argument in an error. */
  readonly requires: string;
  readonly about: string;
  readonly flags: readonly Flag[];
}

/** Names of a command's positional arguments, in order. */
export function positionals({ takes }: Pick<Command, 'takes'>): string[] {
  return takes.split(' ').map((word) => word.replace(/[<>[\]]/g, ''));
}

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: 'run',
    takes: '<playbook>',
    requires: 'a playbook or a role',
    about: 'apply a playbook or a role to hosts',
    flags: [check, ...steps, lockTimeout, ...play],
  },
  {
    name: 'plan',
    takes: '<playbook>',
    requires: 'a playbook or a role',
    about: 'show what run would change, and change nothing',
    flags: [...steps, ...play],
  },
  {
    name: 'verify',
    takes: '<playbook>',
    requires: 'a playbook or a role',
    about: "run the roles' verification checks",
    flags: [...play, { name: 'deep', kind: 'boolean', about: 'run the slow checks as well' }],
  },
  {
    name: 'drill',
    takes: '<playbook>',
    requires: 'a playbook or a role',
    about: 'break things on purpose and measure the recovery',
    flags: [
      ...play,
      lockTimeout,
      { name: 'yes', alias: 'y', kind: 'boolean', about: 'run disruptive drills without confirmation' },
    ],
  },
  {
    name: 'status',
    takes: '[playbook]',
    requires: 'a playbook or a role',
    about: 'show which failures each host would survive now',
    flags: [limit, inventory, extraVars, ...login, ...become, output, verbose, project],
  },
  {
    name: 'ping',
    takes: '[pattern]',
    requires: 'a pattern of hosts',
    about: 'log in to the hosts and show their systems',
    flags: [limit, inventory, ...login, output, verbose, project],
  },
  {
    name: 'hosts',
    takes: '[pattern]',
    requires: 'a pattern of hosts',
    about: 'show the groups and hosts of the inventory',
    flags: [limit, inventory, output, project],
  },
  {
    name: 'vars',
    takes: '<host> [name]',
    requires: 'a host',
    about: "show a host's variables and where they come from",
    flags: [
      {
        name: 'playbook',
        alias: 'p',
        kind: 'text',
        about: 'show the variables as used in the plays of this playbook (default: `site`, if it exists)',
      },
      inventory,
      extraVars,
      output,
      project,
    ],
  },
  {
    name: 'backup',
    takes: '<action> [host]',
    requires: 'a host, or an action: list, verify, restore or prune',
    about: 'create, list, verify, restore, prune backups',
    flags: [
      { name: 'all', kind: 'boolean', about: 'verify each backup, not only the newest of each host' },
      {
        name: 'to',
        kind: 'text',
        about: 'restore into this directory, which must be empty or new; host: on the host itself',
      },
      {
        name: 'at',
        kind: 'text',
        about: 'restore the newest backup of this time or before: 2026-11-28, 2026-11-28T19',
      },
      { name: 'only', kind: 'list', about: 'restore only this path of the host; can be repeated' },
      {
        name: 'max-age',
        kind: 'text',
        about: 'verify: also fail if a host has no good backup younger than this: 26h, 2d',
      },
      { name: 'keep', kind: 'text', about: 'prune all but these (default last=3,daily=7,weekly=4,monthly=12)' },
      check,
      lockTimeout,
      { name: 'backups', kind: 'text', about: "directory of the backups, relative to the project's (default backups)" },
      ...runFlags,
      output,
      project,
    ],
  },
  {
    name: 'ssh',
    takes: '<host> [command]',
    requires: 'a host',
    about: 'open a shell on a host, or run one command',
    flags: [{ name: 'tty', alias: 't', kind: 'boolean', about: 'give the command a terminal' }, ...session],
  },
  {
    name: 'cp',
    takes: '<source> <target>',
    requires: 'a source and a target, one of them HOST:PATH',
    about: 'copy a file or directory to or from a host',
    flags: session,
  },
];
