import type { Module } from '../core/module.ts';
import type { Task } from '../core/playbook.ts';
import { type Debt, payDebt, sameOrigin } from './debts.ts';
import { type HostRun, variablesOf } from './host-run.ts';
import { type Instance, instanceOf } from './instance.ts';

/** The handlers that a task notifies, by name or by what they listen to; a role's own go before those of the play. */
export function originsOf(run: HostRun, instance: Instance): Task[] {
  return instance.task.notify.flatMap((template) => {
    const name = template.evaluate(variablesOf(run, instance, new Set()));
    return name.kind === 'value' ? handlersNamed(run, name.value, instance.task) : [];
  });
}

/** Who is owed what if this instance changes something. */
export function owedBy(run: HostRun, instance: Instance): Omit<Debt, 'digest'>[] {
  return originsOf(run, instance).map((handler) => debtFor(run, handler, instance.task.id));
}

/** Handlers owed by an earlier run whose change landed for certain; those that no longer exist are reported. */
export function collectDebts(run: HostRun): void {
  for (const debt of run.debts) {
    if (!sameOrigin(debt, run.settings.project.name, run.play.name)) continue;
    const handler = run.play.handlers.find((task) => task.id === debt.handler);
    if (handler === undefined) {
      // Two playbooks may have plays of one name: only what stood in a file of this one can be missing from it.
      if (!filesOf(run).has(fileOf(debt.handler))) continue;
      run.settings.emit({
        type: 'warning',
        host: run.host.name,
        message: `an earlier run owes the handler ${debt.handler}, which no longer exists`,
        hint: 'do by hand what it did; this is said once',
      });
      run.chores.push(payDebt(debt));
    } else if (debt.status === 'landed') run.notified.add(handler);
    else if (!run.play.tasks.some((task) => task.id === debt.task)) run.notified.add(handler);
  }
}

/** Instances of the handlers that are owed now, in the order in which the play has them. */
export function owedHandlers(run: HostRun, modules: ReadonlyMap<string, Module>): Instance[] {
  return run.play.handlers.flatMap((task) => {
    const module = modules.get(task.module);
    return run.notified.has(task) && module !== undefined ? [instanceOf(task, module, 'handler')] : [];
  });
}

/** Takes a handler off the list, here and (with the next program) on the host. */
export function paid(run: HostRun, handler: Task): void {
  run.notified.delete(handler);
  if (!run.settings.check) run.chores.push(payDebt({ ...debtFor(run, handler, ''), digest: '' }));
}

function filesOf({ play }: HostRun): Set<string> {
  return new Set([...play.tasks, ...play.handlers].map((task) => fileOf(task.id)));
}

/** Ids are a file, a `#` and a place in it; a role's handlers stand beside its tasks. */
function fileOf(id: string): string {
  const file = id.slice(0, id.indexOf('#'));
  return /^roles\/[^/]+/.exec(file)?.[0] ?? file;
}

function debtFor(run: HostRun, handler: Task, task: string): Omit<Debt, 'digest'> {
  return {
    project: run.settings.project.name,
    play: run.play.name,
    role: handler.role?.name ?? '',
    handler: handler.id,
    task,
  };
}

function handlersNamed(run: HostRun, name: string, task: Task): Task[] {
  const named = run.play.handlers.filter((handler) => {
    if (handler.listen.includes(name)) return true;
    const own = handler.name.evaluate(variablesOf(run, { task: handler }, new Set()));
    return own.kind === 'value' && own.value === name;
  });
  const ofRole = named.filter((handler) => handler.role?.name === task.role?.name);
  return ofRole.length > 0 ? ofRole : named;
}
