/**
 * Where the folders meet: what the engine needs of the project, of ssh and of the modules is handed over here, and
 * nowhere else.
 */
import { basename } from 'node:path';
import type { Connect } from '../core/connection.ts';
import type { Module } from '../core/module.ts';
import type { ProjectSide } from '../run/host/host-run.ts';
import { projectSide } from '../run/playbook/project-side.ts';
import type { World } from './world.ts';

const windowsAgent = String.raw`\\.\pipe\openssh-ssh-agent`;

/** Logs in by the user's keys and agent. ssh2 is loaded only now. */
export async function connectOf(world: World): Promise<Connect> {
  const { connector } = await import('../ssh/connect.ts');
  const agentSocket = world.env['SSH_AUTH_SOCK'] ?? (process.platform === 'win32' ? windowsAgent : undefined);
  return connector({ home: world.home, agentSocket });
}

/** The project's side of a run: what the engine asks of its files. */
export function projectSideOf(project: string, world: World): ProjectSide {
  return projectSide(basename(project), { project, shipped: world.package.folder });
}

/** All modules, by name. */
export async function modulesOf(): Promise<ReadonlyMap<string, Module>> {
  const { modules } = await import('../modules/registry.ts');
  return modules;
}
