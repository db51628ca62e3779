import type { Module } from '../../core/module.ts';
import type { Task } from '../../core/playbook.ts';
import { variablesOf } from '../host/evaluate-on.ts';
import type { HostRun } from '../host/host-run.ts';
import { type Instance, instanceOf } from '../task/instance.ts';
import { clearPending, type PendingHandler, sameOrigin } from './pending-handlers.ts';

/** The handlers that a task notifies, by name or by a topic that they listen to; a role's own precede those of the play. */
export function originsOf(run: HostRun, instance: Instance): Task[] {
  return instance.task.notify.flatMap((template) => {
    const name = template.evaluate(variablesOf(run, instance, new Set()));
    return name.kind === 'value' ? handlersNamed(run, name.value, instance.task) : [];
  });
}

/** The handlers that are pending if this instance changes something. */
export function pendingAfter(run: HostRun, instance: Instance): Omit<PendingHandler, 'digest'>[] {
  return originsOf(run, instance).map((handler) => pendingFor(run, handler, instance.task.id));
}

/** Handlers that an earlier run left pending after a completed change; those that no longer exist are reported. */
export function collectRecorded(run: HostRun): void {
  for (const record of run.recorded) {
    if (!sameOrigin(record, run.settings.project.name, run.play.name)) continue;
    const handler = run.play.handlers.find((task) => task.id === record.handler);
    if (handler === undefined) {
      // Two playbooks may have plays of one name: only a handler from a file of this playbook can be missing from it.
      if (!filesOf(run).has(fileOf(record.handler))) continue;
      run.settings.emit({
        type: 'warning',
        host: run.host.name,
        message: `an earlier run left the handler ${record.handler} pending, which no longer exists`,
        hint: 'if its action is still needed, run it manually; this is reported once',
      });
      run.queued.push(clearPending(record));
    } else if (record.status === 'landed') run.notified.add(handler);
    else if (!run.play.tasks.some((task) => task.id === record.task)) run.notified.add(handler);
  }
}

/** Reverts `collectRecorded`, before records are read again. */
export function forgetRecorded(run: HostRun): void {
  for (const id of [...run.recorded.map(({ handler }) => handler), ...run.recordedNow]) {
    const handler = run.play.handlers.find((task) => task.id === id);
    if (handler !== undefined) run.notified.delete(handler);
  }
}

/** Instances of the pending handlers, in the play's order. */
export function pendingHandlers(run: HostRun, modules: ReadonlyMap<string, Module>): Instance[] {
  return run.play.handlers.flatMap((task) => {
    const module = modules.get(task.module);
    return run.notified.has(task) && module !== undefined ? [instanceOf(task, module, 'handler')] : [];
  });
}

/** Removes a handler from the list, here and (with the next program) on the host. */
export function clear(run: HostRun, handler: Task): void {
  run.notified.delete(handler);
  if (!run.settings.check) run.queued.push(clearPending({ ...pendingFor(run, handler, ''), digest: '' }));
}

function filesOf({ play }: HostRun): Set<string> {
  return new Set([...play.tasks, ...play.handlers].map((task) => fileOf(task.id)));
}

/** Ids are a file, a `#` and a position in it; the handlers and tasks of a role are in the same role directory. */
function fileOf(id: string): string {
  const file = id.slice(0, id.indexOf('#'));
  return /^roles\/[^/]+/.exec(file)?.[0] ?? file;
}

function pendingFor(run: HostRun, handler: Task, task: string): Omit<PendingHandler, 'digest'> {
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
