import type { Module } from '../../core/module.ts';
import type { Evaluated, Host, Play, Task, Value, Variables } from '../../core/playbook.ts';
import { controlNode, delegatesAway, notInInventory } from '../../project/playbook/delegate-to.ts';
import { runsOn } from '../../project/playbook/only-on.ts';
import { namesGiven, namesInLoop } from '../../project/variables/names.ts';
import { collectProblems, type Problems, usage } from '../../project/yaml/problems.ts';
import { didYouMean } from '../../project/yaml/spelling.ts';
import { failureNames } from '../host/evaluate-on.ts';
import type { ProjectSide } from '../host/host-run.ts';
import { instanceOf } from '../task/instance.ts';
import { evaluateWhen } from '../task/when.ts';

/** Inputs of the check before any connection. */
export interface PrecheckOptions {
  readonly plays: readonly Play[];
  readonly hostsOf: (play: Play) => readonly Host[];
  /** All hosts of the inventory, by name. */
  readonly inventory: ReadonlyMap<string, Host>;
  readonly modules: ReadonlyMap<string, Module>;
  readonly project: ProjectSide;
}

/**
 * Renders every task of every host as far as it goes before a connection exists (facts and results have no value yet)
 * and checks the result: arguments strictly against the module's schema, required local files, names in
 * template files. Throws usage HealErrors, each with its location; returns if it finds no error.
 *
 * @returns the hosts that tasks of a play are delegated to, as far as they are known
 */
export async function precheck(options: PrecheckOptions): Promise<(play: Play) => readonly Host[]> {
  const problems = collectProblems();
  const delegates = new Map<Play, Set<Host>>();
  const registers = new Set<string>();
  for (const play of options.plays) {
    const tasks = [
      ...play.tasks,
      ...play.handlers,
      ...play.verify,
      ...play.score,
      ...play.drills.flatMap((drill) => [
        ...drill.prepare,
        ...drill.break,
        ...drill.heals.map((heal) => heal.task),
        ...drill.restore,
      ]),
    ];
    // Results of a play are known in those after it, too.
    for (const name of tasks.flatMap(namesGiven)) registers.add(name);
    const targets = new Set<Host>();
    delegates.set(play, targets);
    for (const host of options.hostsOf(play)) {
      for (const task of tasks) {
        const module = options.modules.get(task.module);
        if (module === undefined || !runsOn(task, host.name)) continue;
        const subject = { play, host, task, module, registers };
        const target = problems.attempt(() => delegateOf(subject, options.inventory));
        if (target !== undefined) targets.add(target);
        await checkTask(subject, options.project, problems);
      }
    }
  }
  problems.throwIfAny();
  return (play) => [...(delegates.get(play) ?? [])];
}

/** The host that a task is delegated to; undefined if there is none, or it is not known yet. Throws if it is not in the inventory. */
function delegateOf(subject: Subject, inventory: PrecheckOptions['inventory']): Host | undefined {
  const { delegateTo } = subject.task;
  if (delegateTo === undefined || !delegatesAway(subject.task)) return undefined;
  const variables = variablesBefore(subject);
  if (evaluateWhen(subject.task, variables).isFalse !== undefined) return undefined;
  const name = delegateTo.evaluate(variables);
  if (name.kind !== 'value' || name.value === controlNode) return undefined;
  const host = inventory.get(name.value);
  if (host !== undefined) return host;
  const hint = 'add the host to the inventory; localhost is the control node';
  throw usage(notInInventory(name.value), delegateTo.at, didYouMean(name.value, [...inventory.keys()], hint));
}

interface Subject {
  readonly play: Play;
  readonly host: Host;
  readonly task: Task;
  readonly module: Module;
  readonly registers: ReadonlySet<string>;
}

async function checkTask(subject: Subject, project: ProjectSide, problems: Problems): Promise<void> {
  const { task, module } = subject;
  const variables = variablesBefore(subject);
  const instance = instanceOf(task, module, 'task');
  const rendered = problems.attempt(() => task.args.evaluate(variables));
  if (rendered?.kind !== 'value') return;
  const args = await attempt(problems, () => project.checkArgs(instance, rendered.value));
  if (args === undefined) return;
  for (const request of Object.values(module.locals(args))) {
    await attempt(problems, () => project.checkLocal(instance, request, variables));
    await attempt(problems, () => project.load(instance, request, variables));
  }
}

/** Variables before the login: values that only the host knows are pending. */
function variablesBefore({ play, host, task, registers }: Subject): Variables {
  const values: Record<string, Evaluated<Value>> = {};
  const later = [
    'facts',
    ...failureNames,
    'role_changed',
    'heal_check_mode',
    'heal_deep',
    ...registers,
    ...namesInLoop(task),
  ];
  for (const name of later) values[name] = { kind: 'pending', names: [name] };
  const others: Record<string, Evaluated<Value>> = {};
  for (const name of ['facts', ...registers]) others[name] = { kind: 'pending', names: [name] };
  return play.variables(host, task, { values, others: () => others });
}

async function attempt<T>(problems: Problems, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    problems.attempt(() => {
      throw error;
    });
    return undefined;
  }
}
