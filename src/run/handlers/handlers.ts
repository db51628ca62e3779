import type { Module } from '../../core/module.ts';
import type { Task } from '../../core/playbook.ts';
import { variablesOf } from '../host/evaluate-on.ts';
import type { HostRun } from '../host/host-run.ts';
import { type Instance, instanceOf } from '../task/instance.ts';
import { clearPending, digestOf, type PendingHandler, type RecordedHandler, sameOrigin } from './pending-handlers.ts';

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
  for (const record of ownRecords(run)) {
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

/**
 * The same with the records as they are after another run had the lock. A handler whose record is gone was run by that run; one
 * that is recorded and was notified remains so.
 */
export function collectAgain(run: HostRun, records: readonly RecordedHandler[]): void {
  const before = new Set([...ownRecords(run).map(({ handler }) => handler), ...run.recordedNow]);
  run.recorded.splice(0, run.recorded.length, ...records);
  const now = ownRecords(run).map(({ handler }) => handler);
  for (const handler of run.play.handlers) {
    if (before.has(handler.id) && !now.includes(handler.id)) run.notified.delete(handler);
  }
  collectRecorded(run);
}

/** A handler whose change was only intended in an earlier run counts only if the state differs from the one before the change. */
export function noticeRecorded(run: HostRun, instance: Instance, answers: unknown): void {
  for (const record of ownRecords(run)) {
    if (record.status !== 'intended' || record.task !== instance.task.id) continue;
    if (record.digest === digestOf(answers)) continue;
    const handler = run.play.handlers.find((task) => task.id === record.handler);
    if (handler !== undefined) run.notified.add(handler);
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

/** The records of this project and play: ids of tasks and handlers are names of files, so those of others may be the same. */
function ownRecords({ recorded, settings, play }: HostRun): RecordedHandler[] {
  return recorded.filter((record) => sameOrigin(record, settings.project.name, play.name));
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
