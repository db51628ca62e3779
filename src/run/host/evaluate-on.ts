import { HealError } from '../../core/errors.ts';
import type { Answers, Reads } from '../../core/module.ts';
import type { Evaluated, Known, Task, Template, Value, Variables } from '../../core/playbook.ts';
import { namesGiven, namesInLoop } from '../../project/variables/names.ts';
import { evaluateTask, type TaskEvaluation } from '../task/evaluate-task.ts';
import { type Instance, loopVariables } from '../task/instance.ts';
import { type HostRun, onlyPlans } from './host-run.ts';

/** Variables that describe a failure to a `rescue`, as in Ansible: the task (its name) and its result. */
export const failureNames = ['ansible_failed_task', 'ansible_failed_result'] as const;

/** Variables as an instance sees them; results of tasks that precede it and are not finished yet are pending. */
export function variablesOf(
  run: HostRun,
  instance: Pick<Instance, 'task' | 'item'>,
  waitsFor: ReadonlySet<string>,
): Variables {
  const { line, setup } = run.delegatedBy ?? run;
  const values: Record<string, Evaluated<Value>> = {
    facts:
      line !== undefined && line.setup() === undefined
        ? { kind: 'pending', names: ['facts'] }
        : { kind: 'value', value: setup.facts as unknown as Value },
    heal_check_mode: { kind: 'value', value: run.settings.check },
    heal_deep: { kind: 'value', value: run.settings.deep },
    role_changed: run.tasksOver
      ? {
          kind: 'value',
          value: run.applied.some((change) => change.instance.task.role?.name === instance.task.role?.name),
        }
      : { kind: 'pending', names: ['role_changed'] },
  };
  for (const name of failureNames) values[name] = { kind: 'pending', names: [name] };
  for (const [name, value] of run.registers) values[name] = { kind: 'value', value };
  for (const name of [...run.unknowable, ...waitsFor]) values[name] = { kind: 'pending', names: [name] };
  for (const [name, value] of Object.entries(loopVariables(instance))) values[name] = { kind: 'value', value };
  const others = (host: string): Known['values'] => ({
    ...run.others(host),
    ...unfinishedOf(run, host, instance.task),
  });
  const variables = run.play.variables(run.host, instance.task, { values, others });
  const { loop } = instance.task;
  return loop === undefined || instance.item !== undefined
    ? variables
    : variables.with(itemsOf(instance.task, loop, variables));
}

/** The variables of the items of a loop that is not unfolded: they are known as soon as its list is. */
function itemsOf(task: Task, loop: Template, variables: Variables): Known['values'] {
  let names: readonly string[] = [task.loopVar];
  try {
    const items = loop.evaluate(variables);
    if (items.kind === 'pending') names = items.names;
  } catch (error) {
    // The loop reports it.
    if (!(error instanceof HealError)) throw error;
  }
  return Object.fromEntries(namesInLoop(task).map((name) => [name, { kind: 'pending', names }]));
}

/** What another host gets from the tasks before this one that it has not finished. */
function unfinishedOf(run: HostRun, other: string, task: Task): Known['values'] {
  const names = run.batch.scheduler.unfinished(other, run.host.name, task).flatMap(namesGiven);
  const values: Record<string, Evaluated<Value>> = {};
  for (const name of names) values[name] = { kind: 'pending', names: [`${name}${ofOther}${other}`] };
  return values;
}

/** Between a name and its host. No variable has a name with blanks. */
const ofOther = ' of ';

/** Whether one of these pending names is a result that another host has not got yet. */
export function needsOthers(names: readonly string[]): boolean {
  return names.some((name) => name.includes(ofOther));
}

/** Evaluates an instance with fresh answers, or, for a guess, with the last ones. */
export async function evaluateOn(
  run: HostRun,
  instance: Instance,
  waitsFor: ReadonlySet<string>,
  how: { readonly guess?: boolean; readonly before?: Answers<Reads> } = {},
): Promise<TaskEvaluation> {
  const answer = how.guess === true ? run.cache.last : run.cache.fresh;
  return evaluateTask(
    instance,
    {
      facts: run.setup.facts,
      checkMode: onlyPlans(run, instance.task),
      answer,
      variables: (one) => variablesOf(run, one, waitsFor),
      checkArgs: run.settings.project.checkArgs,
      load: run.settings.project.load,
      users: {
        current: run.setup.facts.user,
        // Without become, the host's own name of the user counts: it may be another than that of the login.
        login: run.line?.users.become === true ? run.line.users.user : run.setup.facts.user,
        become: run.line?.users.becomeUser ?? 'root',
      },
      ...(how.before === undefined ? {} : { before: how.before }),
    },
    run.prepared,
  );
}
