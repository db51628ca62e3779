import type { Place } from '../../core/place.ts';
import type { Condition, Role, Task, Template } from '../../core/playbook.ts';
import type { InventoryHost } from '../inventory/groups.ts';
import { variableHint } from '../playbook/ansible-names.ts';
import { runsOn } from '../playbook/only-on.ts';
import type { LoadedPlay } from '../playbook/play.ts';
import { referencesOf } from '../template/template.ts';
import type { Reference } from '../template/template-tree.ts';
import { magicNames } from '../yaml/fields.ts';
import type { Problems } from '../yaml/problems.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import type { Layer } from './layer.ts';
import { own } from './value.ts';
import { joined } from './variables.ts';

/**
 * Checks every name in every template and condition of a play, for each of its hosts, against the names that can
 * exist: variables of every level, magic names, items of loops, and results that an earlier task registers.
 * `earlier` are the names that plays before this one register. Returns those after it.
 */
export function checkNames(
  loaded: LoadedPlay,
  extra: Layer,
  earlier: ReadonlySet<string>,
  problems: Problems,
): Set<string> {
  const { play } = loaded;
  const check = checker(loaded, extra, problems);
  const names = new Set([...earlier, ...Object.keys(extra.vars), ...magicNames]);
  const everything = [...play.tasks, ...play.handlers];
  const later = new Set(everything.flatMap(namesGiven));
  // All rows of a score card are asked at once, so they can't use the results of earlier questions.
  const atStart = new Set(names);
  for (const task of play.tasks) {
    check(task, names, later);
    for (const name of namesGiven(task)) names.add(name);
  }
  const atEnd = new Set([...names, ...later]);
  for (const task of play.handlers) check(task, atEnd, later);
  const verified = new Set(atEnd);
  for (const task of play.verify) {
    check(task, verified, later);
    for (const name of namesGiven(task)) verified.add(name);
  }
  for (const row of play.score) check(row, atStart, later);
  for (const drill of play.drills) {
    const inDrill = new Set(atEnd);
    for (const condition of drill.when) check.part(condition, drill.role, undefined, inDrill, later);
    for (const task of [...drill.prepare, ...drill.break, ...drill.heals.map((heal) => heal.task), ...drill.restore]) {
      check(task, inDrill, later);
      for (const name of namesGiven(task)) inDrill.add(name);
    }
  }
  checkNotify(everything, play.handlers, problems);
  return atEnd;
}

/** Names that a task assigns, for the tasks after it. */
export function namesGiven(task: Task): string[] {
  const facts = task.module === 'set_fact' ? Object.keys(task.argPlaces).filter((name) => name !== 'cacheable') : [];
  return task.register === undefined ? facts : [task.register, ...facts];
}

/** Additional names that a task with a loop sees. */
export function namesInLoop({ loop, loopVar, loopControl }: Task): string[] {
  if (loop === undefined) return [];
  return loopControl?.indexVar === undefined ? [loopVar] : [loopVar, loopControl.indexVar];
}

interface Checker {
  (task: Task, names: ReadonlySet<string>, later: ReadonlySet<string>): void;
  readonly part: (
    part: Template | Condition,
    role: Role | undefined,
    task: Task | undefined,
    names: ReadonlySet<string>,
    later: ReadonlySet<string>,
  ) => void;
}

function checker(loaded: LoadedPlay, extra: Layer, problems: Problems): Checker {
  const hosts: readonly (InventoryHost | undefined)[] = loaded.hosts.length === 0 ? [undefined] : loaded.hosts;
  const varsOf = (host: InventoryHost | undefined, role: Role | undefined): Layer['vars'] =>
    joined(loaded.layersOf(host, role));

  const part: Checker['part'] = (start, role, task, names, later) => {
    const seen = new Set<object>();
    const open: (readonly Reference[])[] = [referencesOf(start)];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const reference of next) {
        const lacking: string[] = [];
        let template = own(extra.vars, reference.name) ?? own(task?.vars ?? {}, reference.name);
        for (const host of template === undefined && !names.has(reference.name) ? hosts : []) {
          if (host !== undefined && task !== undefined && !runsOn(task, host.name)) continue;
          template = own(varsOf(host, role), reference.name);
          if (template === undefined) lacking.push(host?.name ?? '');
          else follow(template);
        }
        if (template !== undefined) follow(template);
        if (lacking.length > 0 && !reference.optional) missing(reference, lacking, role, task, names, later);
      }
    }
    function follow(template: Template): void {
      if (seen.has(template)) return;
      seen.add(template);
      open.push(referencesOf(template));
    }
  };

  const missing = (
    { name, at }: Reference,
    lacking: readonly string[],
    role: Role | undefined,
    task: Task | undefined,
    names: ReadonlySet<string>,
    later: ReadonlySet<string>,
  ): void => {
    const some = lacking.length < hosts.length ? ` for ${listed(lacking)}` : '';
    const known = [...Object.keys(task?.vars ?? {}), ...names, ...Object.keys(varsOf(hosts[0], role))];
    const hint = later.has(name)
      ? 'a later task registers it: move that one up'
      : name === 'item'
        ? 'there is an item only in a task with "loop"'
        : (variableHint(name) ??
          didYouMean(name, known, "define it in the inventory, the play or the role's defaults"));
    problems.add(`"${name}" is not defined${some}`, at, hint);
  };

  const check = (task: Task, names: ReadonlySet<string>, later: ReadonlySet<string>): void => {
    const { indexVar } = task.loopControl ?? {};
    const inLoop =
      task.loop === undefined
        ? names
        : new Set([...names, task.loopVar, ...(indexVar === undefined ? [] : [indexVar])]);
    const own = namesGiven(task);
    const inResult = own.length === 0 ? inLoop : new Set([...inLoop, ...own]);
    const before: (Template | Condition | undefined)[] = [
      task.name,
      task.args,
      task.becomeUser,
      task.delegateTo,
      task.environment,
      task.loopControl?.label,
      ...task.conditions,
      ...task.when,
      ...task.notify,
    ];
    if (task.loop !== undefined) part(task.loop, task.role, task, names, later);
    for (const one of before) if (one !== undefined) part(one, task.role, task, inLoop, later);
    for (const one of [task.until, ...task.changedWhen, ...task.failedWhen])
      if (one !== undefined) part(one, task.role, task, inResult, later);
  };
  return Object.assign(check, { part });
}

function checkNotify(tasks: readonly Task[], handlers: readonly Task[], problems: Problems): void {
  const names = handlers.flatMap((handler) => [handler.name.source ?? '', ...handler.listen]);
  // A handler whose name is a template may have any name.
  if (names.some((name) => name.includes('{{'))) return;
  for (const task of tasks) {
    for (const notify of task.notify) {
      const { source } = notify;
      if (source === undefined || source.includes('{{') || names.includes(source)) continue;
      const known = [...new Set(names)];
      problems.add(
        `there is no handler "${source}"`,
        notify.at,
        didYouMean(source, known, known.length === 0 ? 'the play has no handlers' : `handlers are ${listed(known)}`),
      );
    }
  }
}

/** The Place of a variable's effective definition. */
export function placeOfVariable(layers: readonly Layer[], name: string): Place | undefined {
  return layers.findLast((layer) => Object.hasOwn(layer.vars, name))?.vars[name]?.at;
}
