import type { Task } from '../core/playbook.ts';
import { loadPlaybook } from '../project/playbook.ts';
import { isSelected } from '../project/tags.ts';
import { precheck } from '../run/precheck.ts';
import { hostsOfPlays } from './chosen-plays.ts';
import { confirmDrills } from './confirm.ts';
import { exitCodeOf } from './exit-code.ts';
import { inventoryOf } from './hosts-command.ts';
import { isListing, list } from './listing.ts';
import { loginFor } from './login-of.ts';
import type { Options } from './options.ts';
import { reporterFor } from './reporting.ts';
import { connectOf, modulesOf, projectSideOf } from './wire.ts';
import type { World } from './world.ts';

/** `heal run`, `plan`, `verify` and `drill`. Everything is read and checked before the first connection is made. */
export async function runCommand(options: Options, world: World): Promise<number> {
  const { cwd, home, env } = world;
  const { inventory, project } = await inventoryOf(options, world);
  const modules = await modulesOf();
  const playbook = await loadPlaybook({
    project,
    shipped: world.package.folder,
    name: options.target,
    catalogue: modules,
    inventory,
    extraVars: options.extraVars,
    cwd,
    home,
    env,
  });
  world.hide(playbook.secrets);
  const hostsOf = await hostsOfPlays(playbook, inventory, options.limit, cwd);
  const choice = { tags: options.tags, skip: options.skipTags };
  const selected = (task: Pick<Task, 'tags'>): boolean => isSelected(task.tags, choice);
  const side = projectSideOf(project, world);
  await precheck({ plays: playbook.plays, hostsOf, modules, project: side });
  if (isListing(options)) {
    list({ playbook, hostsOf, selected }, options, world);
    return 0;
  }
  if (options.command === 'drill') await confirmDrills(playbook, hostsOf, selected, options, world);

  const [{ runPlaybook }, connect, reporter] = await Promise.all([
    import('../run/run.ts'),
    connectOf(world),
    reporterFor(options, world),
  ]);
  const { interrupt } = world;
  interrupt.onFirst = () => {
    const hint = 'Ctrl-C once more leaves at once';
    reporter.emit({ type: 'warning', message: 'interrupted: ending what was begun', hint });
  };
  try {
    const report = await runPlaybook({
      playbook,
      hostsOf,
      loginOf: (host, play) => loginFor(host, play.variables(host, undefined, { values: {} }), project, options, world),
      connect,
      modules,
      forks: options.forks,
      mode: options.command === 'verify' || options.command === 'drill' ? options.command : 'run',
      selected,
      check: options.check,
      deep: options.deep,
      signal: interrupt.signal,
      emit: reporter.emit,
      now: world.now,
      project: side,
    });
    return exitCodeOf(report);
  } finally {
    await reporter.close();
  }
}
