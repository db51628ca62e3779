import { HealError } from '../core/errors.ts';
import type { Host, Play, Playbook, Task } from '../core/playbook.ts';
import { runsOn } from '../project/playbook/only-on.ts';
import type { Options } from './options.ts';
import type { World } from './world.ts';

/** Inputs of `--list-hosts`, `--list-tasks`, `--list-tags` and `--syntax-check`. */
export interface Listed {
  readonly playbook: Playbook;
  readonly hostsOf: (play: Play) => readonly Host[];
  readonly selected: (task: Pick<Task, 'tags'>) => boolean;
}

/** Whether the run is only listed. */
export function isListing(options: Options): boolean {
  return options.listHosts || options.listTasks || options.listTags || options.syntaxCheck;
}

/** Writes the contents of a run, as ansible-playbook does, and connects to nothing. */
export function list(listed: Listed, options: Options, world: World): void {
  const plays = listed.playbook.plays.map((play) => {
    const hosts = listed.hostsOf(play);
    const tasks = play.tasks.filter(listed.selected).flatMap((task) => {
      const having = hosts.filter((host) => runsOn(task, host.name));
      if (hosts.length > 0 && having.length === 0) return [];
      return {
        name: nameOf(task, play, having[0]),
        role: task.role?.name ?? null,
        module: task.module,
        at: `${task.at.file}:${task.at.line}:${task.at.column}`,
        tags: [...task.tags],
        hosts: task.onlyOn === undefined ? null : having.map((host) => host.name),
      };
    });
    return { play: play.name, pattern: play.hosts, hosts: hosts.map((host) => host.name), tasks };
  });
  if (options.output === 'json') {
    world.json({ format: 1, playbook: listed.playbook.name, plays });
    return;
  }
  const { clean, paint } = world;
  const lines = [`playbook: ${listed.playbook.name}`];
  for (const [index, play] of plays.entries()) {
    if (!options.listHosts && !options.listTasks && !options.listTags) break;
    lines.push('', `  ${paint('bold', `play #${index + 1} (${clean.line(play.pattern)}): ${clean.line(play.play)}`)}`);
    if (options.listHosts) {
      lines.push(`    hosts (${play.hosts.length}):`, ...play.hosts.map((host) => `      ${clean.line(host)}`));
    }
    if (options.listTags) {
      const tags = [...new Set(play.tasks.flatMap((task) => task.tags))].sort();
      lines.push(`    task tags: [${clean.line(tags.join(', '))}]`);
    }
    if (!options.listTasks) continue;
    lines.push('    tasks:');
    for (const task of play.tasks) {
      const role = task.role === null ? '' : `${task.role} : `;
      const tags = task.tags.length === 0 ? '' : `  TAGS: [${clean.line(task.tags.join(', '))}]`;
      const hosts = task.hosts === null ? '' : `  HOSTS: [${clean.line(task.hosts.join(', '))}]`;
      lines.push(`      ${clean.line(role + task.name)}${paint('dim', tags + hosts)}`);
    }
  }
  world.out(`${lines.join('\n')}\n`);
}

/** Rendered for the first host if its variables are known, else (a result of another task, say) as written. */
export function nameOf(task: Task, play: Play, host: Host | undefined): string {
  const written = task.name.source ?? task.id;
  if (host === undefined) return written;
  try {
    const name = task.name.evaluate(play.variables(host, task, { values: {} }));
    return name.kind === 'value' ? name.value : written;
  } catch (error) {
    if (error instanceof HealError) return written;
    throw error;
  }
}
