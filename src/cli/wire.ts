/**
 * Connects the directories: everything that the engine needs from the project, ssh and the modules is passed here, and
 * nowhere else.
 */
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Login } from '../core/connection.ts';
import type { Module } from '../core/module.ts';
import type { Secret } from '../core/secret.ts';
import { localUser } from '../project/inventory/login.ts';
import type { ProjectSide } from '../run/host/host-run.ts';
import { projectSide } from '../run/playbook/project-side.ts';
import { readConfigFiles } from '../ssh/config/config-file.ts';
import { withConfig } from '../ssh/config/config-login.ts';
import { type Connector, connector } from '../ssh/connect.ts';
import type { KeySources, OpenedKeys } from '../ssh/keys/identities.ts';
import { windowsAgent } from '../ssh/keys/windows-agent.ts';
import type { World } from './world.ts';

/** Logs in with the user's keys and agent. ssh2 is loaded at the first login. */
export async function connectOf(world: World, openedKeys: OpenedKeys): Promise<Connector> {
  return connector({ ...keySourcesOf(world), openedKeys });
}

/** The sources of the user's keys. */
export function keySourcesOf({ env, home }: World): KeySources {
  const windows = process.platform === 'win32' ? windowsAgent(localUser(env)) : undefined;
  return { home, agentSocket: env['SSH_AUTH_SOCK'] ?? windows };
}

/** Adds to a login the values of the user's ssh_config files that the inventory does not set. */
export type CompleteLogin = (login: Login) => Login;

/**
 * Reads ~/.ssh/config and the system's file, once for all hosts.
 * @throws HealError of kind `usage`
 */
export async function sshConfigOf(world: World): Promise<CompleteLogin> {
  const { home, cwd, env } = world;
  const uid = process.getuid?.();
  const userDirectory = join(home, '.ssh');
  const systemDirectory =
    process.platform === 'win32' ? join(env['ProgramData'] ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  const user = join(userDirectory, 'config');
  const system = join(systemDirectory, 'ssh_config');
  const files = await readConfigFiles({ user, system, userDirectory, systemDirectory, home, uid });
  const side = { home, cwd, env, localUser: localUser(env), localHost: hostname(), uid, systemDirectory };
  return (login) => withConfig(login, files, side);
}

/** The project's side of a run: the engine's access to its files. */
export function projectSideOf(project: string, world: World): ProjectSide {
  // A string that contains a known secret is masked already; otherwise a whole file would be masked with its lines.
  const hide = (secret: Secret): void => {
    if (world.mask(secret.reveal()) === secret.reveal()) world.hide([secret]);
  };
  return projectSide(basename(project), { project, shipped: world.package.directory }, hide);
}

/** All modules, by name. */
export async function modulesOf(): Promise<ReadonlyMap<string, Module>> {
  const { modules } = await import('../modules/registry.ts');
  return modules;
}
