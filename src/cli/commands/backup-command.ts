import { resolve } from 'node:path';
import { keptBackups } from '../../backups/kept-backups.ts';
import { HealError } from '../../core/errors.ts';
import { didYouMean } from '../../project/yaml/spelling.ts';
import { runFlags } from '../flags.ts';
import type { Options } from '../options.ts';
import { findProject } from '../project-directory.ts';
import type { World } from '../world.ts';
import { pruneBackups } from './backup-prune.ts';
import { restoreBackups } from './backup-restore.ts';
import { listBackups } from './backup-rows.ts';
import { runCommand } from './run-command.ts';

/** The actions of `heal backup`, each with the options that only some actions accept; `make` has a host instead of a name. */
const actions = {
  list: ['backups'],
  verify: ['backups', 'max-age', 'all'],
  restore: ['backups', 'to', 'at', 'only'],
  prune: ['backups', 'keep', 'check'],
  make: ['check', ...runFlags.map(({ name }) => name)],
  'restore --to host': ['backups', 'to', 'at', 'only', 'check', 'lock-timeout', ...runFlags.map(({ name }) => name)],
} as const;

const namedActions = ['list', 'verify', 'restore', 'prune'] as const;

/**
 * `heal backup list|verify|restore|prune [HOST]`: the backups that `heal run backup` has stored. It logs in to no host.
 * `heal backup HOST` is short for `heal run backup --limit HOST`, and `heal backup restore HOST --to host` for
 * `heal run restore --limit HOST`.
 */
export async function backupCommand(options: Options, world: World): Promise<number> {
  const { second: host } = options;
  const action = actionOf(options);
  if (action === 'make') {
    return runCommand({ ...options, command: 'run', target: 'backup', limit: options.target }, world);
  }
  if (action === 'restore --to host' && host !== undefined) {
    const { at, only, backups } = options;
    const variables = {
      ...(at === undefined ? {} : { restore_at: at }),
      ...(only.length === 0 ? {} : { restore_only: only }),
      ...(backups === undefined ? {} : { restore_src: `${backups}/${host}` }),
    };
    const extraVars = [...options.extraVars, JSON.stringify(variables)];
    return runCommand({ ...options, command: 'run', target: 'restore', limit: host, extraVars }, world);
  }
  const project = findProject(world.cwd, options.project);
  const directory = resolve(project, options.backups ?? 'backups');
  const all = await keptBackups(directory, () => true);
  const chosen = all.filter((backup) => host === undefined || backup.host === host);
  if (host !== undefined && chosen.length === 0) {
    const hosts = new Set(all.map((backup) => backup.host));
    const hint = didYouMean(host, hosts, `heal run backup --limit ${host} creates one`);
    throw new HealError('failed', `there is no backup of ${host} in ${directory}`, hint === undefined ? {} : { hint });
  }
  if (action === 'restore' || action === 'restore --to host') return restoreBackups(chosen, directory, options, world);
  if (action === 'prune') return pruneBackups(chosen, options, world);
  return listBackups(chosen, directory, options, world);
}

/** Refuses an option of another action: it would have no effect, and `list --check` must not look like a check. */
function actionOf(options: Options): keyof typeof actions {
  const { target, second } = options;
  const named = namedActions.find((name) => name === target);
  const near = named === undefined ? didYouMean(target, namedActions) : undefined;
  if (near !== undefined || (named === undefined && second !== undefined)) {
    const hint = near ?? `actions are ${namedActions.join(', ')}; heal backup HOST creates a backup`;
    throw new HealError('usage', `heal backup has no action "${target}"`, { hint });
  }
  const action = named === 'restore' && options.to === 'host' ? 'restore --to host' : (named ?? 'make');
  const refused = [...options.given].find(
    (name) => !takes(action, name) && actionNames.some((one) => takes(one, name)),
  );
  if (refused === undefined) return action;
  const owner = actionNames.find((one) => takes(one, refused)) ?? 'make';
  const hint =
    refused === 'backups'
      ? 'the variable backup_dest sets the directory that a backup is written to: -e backup_dest=DIR'
      : `--${refused} is an option of heal backup ${shown(owner)}`;
  throw new HealError('usage', `heal backup ${shown(action)} has no option --${refused}`, { hint });
}

const actionNames = [...namedActions, 'make', 'restore --to host'] as const;

function takes(action: keyof typeof actions, option: string): boolean {
  return (actions[action] as readonly string[]).includes(option);
}

function shown(action: keyof typeof actions): string {
  return action === 'make' ? 'HOST' : action;
}
