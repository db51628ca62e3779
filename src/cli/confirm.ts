import { HealError } from '../core/errors.ts';
import type { Host, Play, Playbook, Task } from '../core/playbook.ts';
import { count } from '../report/duration.ts';
import type { Options } from './options.ts';
import { ask, canAsk } from './prompt.ts';
import type { World } from './world.ts';

/**
 * Asks before drills that disturb a host's users.
 * @throws HealError if the answer is no, or if there is no terminal to ask on and `--yes` was not given
 */
export async function confirmDrills(
  playbook: Playbook,
  hostsOf: (play: Play) => readonly Host[],
  selected: (task: Pick<Task, 'tags'>) => boolean,
  options: Options,
  world: World,
): Promise<void> {
  if (options.yes) return;
  const names = new Set<string>();
  const hosts = new Set<string>();
  for (const play of playbook.plays) {
    const drills = play.drills.filter((drill) => drill.disturbs && selected(drill));
    for (const drill of drills) names.add(drill.name);
    if (drills.length > 0) for (const host of hostsOf(play)) hosts.add(host.name);
  }
  if (names.size === 0 || hosts.size === 0) return;
  const what = `${count(names.size, 'drill')} would disturb ${[...hosts].join(', ')}`;
  if (!canAsk()) {
    throw new HealError('usage', `${what}, and there is no terminal to ask on`, {
      hint: '--yes runs them without asking',
    });
  }
  world.err(`${what}:\n${[...names].map((name) => `  ${world.clean.line(name)}`).join('\n')}\n`);
  if (/^y(es)?$/i.test(await ask('Break these on purpose? [y/N] ', world))) return;
  throw new HealError('error', 'not confirmed, so nothing was broken');
}
