import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Login } from '../../core/connection.ts';
import type { Event } from '../../core/event.ts';
import type { Host, Play, Playbook, Task } from '../../core/playbook.ts';
import type { Inventory } from '../../project/inventory/inventory.ts';
import { selectHosts } from '../../project/inventory/pattern.ts';
import { loadPlaybook } from '../../project/playbook/playbook.ts';
import { startingAt } from '../../project/playbook/start-at.ts';
import { isSelected } from '../../project/playbook/tags.ts';
import { precheck } from '../../run/playbook/precheck.ts';
import type { RunOptions } from '../../run/playbook/run-options.ts';
import { runPlaybook } from '../../run/run.ts';
import { completeLogins, connectAsking } from '../ask-logins.ts';
import { oldBackups, watchedBackups } from '../backup-ages.ts';
import { checkLogins } from '../check-logins.ts';
import { hostsOfPlays } from '../chosen-plays.ts';
import { confirmDrills } from '../confirm.ts';
import { bugError } from '../crash.ts';
import { exitCodeOf } from '../exit-code.ts';
import { isListing, list, nameOf } from '../listing.ts';
import { loginFor } from '../login-of.ts';
import type { Options } from '../options.ts';
import { reporterFor } from '../reporting.ts';
import { retryHint, retryPath, writeRetryFile } from '../retry-file.ts';
import { modulesOf, projectSideOf } from '../wire.ts';
import type { World } from '../world.ts';
import { inventoryOf } from './hosts-command.ts';

/** `heal run`, `plan`, `verify`, `drill` and `status`. Everything is read and checked before the first connection. */
export async function runCommand(options: Options, world: World): Promise<number> {
  const { cwd, home, env } = world;
  const { inventory, project } = await inventoryOf(options, world);
  const modules = await modulesOf();
  const whole = await loadPlaybook({
    project,
    shipped: world.package.directory,
    name: options.target,
    catalogue: modules,
    inventory,
    extraVars: options.extraVars,
    cwd,
    home,
    env,
  });
  world.hide(whole.secrets);
  const playbook = chosenPart(whole, inventory, options);
  const hostsOf = await hostsOfPlays(playbook, inventory, options.limit, cwd);
  const choice = { tags: options.tags, skip: options.skipTags };
  const selected = (task: Pick<Task, 'tags'>): boolean => isSelected(task.tags, choice);
  const side = projectSideOf(project, world);
  const delegatesOf = await precheck({
    plays: playbook.plays,
    hostsOf,
    inventory: inventory.hosts,
    modules,
    project: side,
  });
  if (isListing(options)) {
    list({ playbook, hostsOf, selected }, options, world);
    return 0;
  }
  const watched = options.command === 'status' ? watchedBackups(playbook.plays, hostsOf, project) : [];
  const complete = await completeLogins(options, world);
  const loginOf = (host: Host, play: Play): Login =>
    loginFor(host, play.variables(host, undefined, { values: {} }), project, options, world, complete);
  const allOf = (play: Play): readonly Host[] => [...new Set([...hostsOf(play), ...delegatesOf(play)])];
  const logins = await checkLogins(playbook.plays, allOf, loginOf);
  if (options.command === 'drill') await confirmDrills(playbook, hostsOf, selected, options, world);

  const connect = await connectAsking(logins, options, world);
  const reporter = await reporterFor(options, world);
  const { interrupt } = world;
  interrupt.onFirst = () => {
    const hint = 'press Ctrl-C again to exit immediately';
    reporter.emit({ type: 'warning', message: 'interrupted: stopping the running tasks', hint });
  };
  let again: string | undefined;
  const keeps = options.command === 'run' && !options.check;
  const emit = (event: Event): void => {
    reporter.emit(event);
    if (event.type === 'run-end') ended = event;
  };
  let ended: Extract<Event, { type: 'run-end' }> | undefined;
  try {
    const report = await runPlaybook({
      playbook,
      hostsOf,
      loginOf,
      hostNamed: (name) => inventory.hosts.get(name),
      connect,
      connectHere: async (...given) => (await import('../../ssh/here.ts')).connectHere(...given),
      modules,
      bug: (error) => bugError(error, world),
      forks: options.forks,
      mode: modeOf(options),
      selected,
      check: options.check,
      deep: options.deep,
      lock: { timeout: options.lockTimeout, run: randomUUID(), who: () => whoRuns(options) },
      signal: interrupt.signal,
      emit,
      now: world.now,
      project: side,
    });
    for (const warning of await oldBackups(watched, Date.now())) reporter.emit(warning);
    return exitCodeOf(report);
  } finally {
    if (keeps && ended !== undefined) again = await retryLine(ended, project, options, world);
    await connect.close();
    await reporter.close();
    if (again !== undefined) (options.output === 'json' ? world.err : world.out)(`${again}\n`);
  }
}

/** For another run that waits: the user, the command, and the start time. */
function whoRuns({ command, target }: Options): string {
  const text = `${userInfo().username}@${hostname()}, process ${process.pid}: heal ${command} ${target}, since ${new Date().toISOString().slice(0, 19)}Z`;
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
}

function modeOf({ command }: Options): RunOptions['mode'] {
  return command === 'verify' || command === 'drill' || command === 'status' ? command : 'run';
}

/** Applies `--start-at-task` and `--force-handlers`. */
function chosenPart(playbook: Playbook, inventory: Inventory, options: Options): Playbook {
  const { startAtTask, forceHandlers } = options;
  const shown = (task: Task, play: Play): string => nameOf(task, play, selectHosts(inventory, play.hosts)[0]);
  const part = startAtTask === undefined ? playbook : startingAt(playbook, startAtTask, shown);
  if (!forceHandlers) return part;
  return { ...part, plays: part.plays.map((play) => ({ ...play, forceHandlers: true })) };
}

/** Saves the failed hosts for the next run; returns the hint that names their file, or why they could not be saved. */
async function retryLine(
  { report, unfinished }: Extract<Event, { type: 'run-end' }>,
  project: string,
  options: Options,
  world: World,
): Promise<string | undefined> {
  const path = retryPath(project, options.target);
  try {
    const hosts = await writeRetryFile(path, options.target, report, unfinished);
    const which = unfinished === undefined ? 'failed' : 'failed or did not finish';
    return hosts.length === 0 ? undefined : world.clean.line(retryHint(path, options.target, world.cwd, which));
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return world.clean.line(`warning: can't keep the list of hosts that failed in ${path}: ${why}`);
  }
}
