import type { Condition, ModuleSchema, Task } from '../../core/playbook.ts';
import { checkArgsBefore } from '../schema/module-args.ts';
import { compileCondition, compileConditions } from '../template/condition.ts';
import { compileNode, compileText, constant } from '../template/template.ts';
import { own } from '../variables/value.ts';
import { asCount, asDuration, asMap, asTexts, field, type Reader, refuse } from '../yaml/fields.ts';
import type { Problems } from '../yaml/problems.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import { type Entry, entryOf, type MapNode, type Node } from '../yaml/yaml-file.ts';
import { type Elsewhere, elsewhere } from './ansible-names.ts';
import { asMapping, joined, joinedEnvironment, readInherited, readSettled } from './inherited-keywords.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { nameField, readLoop } from './loop.ts';
import { checkMeta } from './meta.ts';
import { prefix, withDefaults, withoutAliases } from './module-defaults.ts';
import { refusedInTask, taskKeywords } from './task-keywords.ts';

/** Reads one task. Errors are reported to the Problems; undefined if nothing remains that could be checked further. */
export function readTask(node: Node, index: number, context: TaskContext, inherited: Inherited): Task | undefined {
  const { loading } = context;
  const { problems } = loading;
  const map = asMap(node, 'a task', problems);
  if (map === undefined) return undefined;
  const found = moduleOf(map, loading.catalogue, problems);
  const { moduleDefaults, ...keywords } = readKeywords(map, context, inherited);
  if (found === undefined) return undefined;
  const args = readArgs(found.module, found.entry, entryOf(map, 'args'), context, moduleDefaults);
  if (found.module.name === 'meta') checkMeta(map, problems);
  if (args === undefined) return undefined;
  const name = entryOf(map, 'name');
  const id = `${context.idBase}#${index + 1}`;
  const title =
    name === undefined ? undefined : problems.attempt(() => compileText(name.value, loading.secrets, '"name"'));
  return {
    id,
    name: title ?? constant(found.module.name, map.at),
    module: found.module.name,
    ...args,
    at: map.at,
    ...(context.role === undefined ? {} : { role: context.role }),
    ...(context.onlyOn === undefined ? {} : { onlyOn: context.onlyOn }),
    ...keywords,
  };
}

/** The one key of a task that names a module. */
function moduleOf(
  map: MapNode,
  catalogue: ReadonlyMap<string, ModuleSchema>,
  problems: Problems,
): { entry: Entry; module: ModuleSchema } | undefined {
  const found: { entry: Entry; module: ModuleSchema }[] = [];
  const unknown: Entry[] = [];
  for (const entry of map.entries) {
    if (taskKeywords.has(entry.key)) continue;
    const module = catalogue.get(entry.key.replace(prefix, ''));
    if (module !== undefined) found.push({ entry, module });
    else {
      const refused = own(refusedInTask, entry.key.replace(prefix, ''));
      if (refused === undefined) unknown.push(entry);
      else refuse(entry, refused, problems);
    }
  }
  const names = [...catalogue.keys(), ...taskKeywords];
  for (const entry of unknown) {
    const other = elsewhere(entry.key, catalogue);
    if (other !== undefined) {
      refuseModule(entry, other, problems);
      continue;
    }
    const near = didYouMean(entry.key, names, `modules are ${listed([...catalogue.keys()].sort(), 60)}`);
    problems.add(`there is no module or keyword "${entry.key}"`, entry.at, near);
  }
  const [first, second] = found;
  if (second !== undefined) {
    problems.add(
      `a task has one module, but this has "${first?.entry.key}" and "${second.entry.key}"`,
      second.entry.at,
      'split it into two tasks',
    );
  }
  const unsupported = map.entries.some((entry) => Object.hasOwn(refusedInTask, entry.key.replace(prefix, '')));
  if (first === undefined && unknown.length === 0 && !unsupported) {
    problems.add('the task has no module', map.at, 'add the line that says what to do, as in "command: uptime"');
  }
  return second === undefined ? first : undefined;
}

/** A module of Ansible that heal names differently, or does not have. */
function refuseModule({ key, at }: Entry, other: Elsewhere, problems: Problems): void {
  if ('here' in other)
    problems.add(`"${key}" is "${other.here}" here`, at, `write ${other.here}; docs/modules.md has its arguments`);
  else problems.add(`the module "${key}" is not supported${other.status === 'no' ? '' : ' yet'}`, at, other.hint);
}

type Args = Pick<Task, 'args' | 'argPlaces' | 'conditions'>;

function readArgs(
  module: ModuleSchema,
  entry: Entry,
  more: Entry | undefined,
  context: TaskContext,
  defaults: Inherited['moduleDefaults'],
): Args | undefined {
  const { problems, secrets, later } = context.loading;
  const written = withMore(argsNode(module, entry, problems), more, problems);
  if (written === undefined) return undefined;
  if (written.kind !== 'map') return problems.attempt(() => wholeArgs(module, written, context, defaults));
  const node = withDefaults(module, withoutAliases(module, written, problems), defaults);
  later.push(() => checkArgsBefore(module, node, problems));
  const conditional = node.entries.filter(({ key }) => module.conditions?.includes(key));
  const conditions = conditional.flatMap(
    ({ key, value }) => problems.attempt(() => compileConditions(value, `"${key}"`)) ?? [],
  );
  const plain: MapNode = { ...node, entries: node.entries.filter((one) => !conditional.includes(one)) };
  const template = problems.attempt(() => compileNode(plain, secrets));
  if (template === undefined) return undefined;
  return {
    args: asMapping(template, entry.at, module.name),
    argPlaces: Object.fromEntries(node.entries.map(({ key, value }) => [key, value.at])),
    conditions,
  };
}

/** `shell: uptime` with `args: { chdir: /srv }`: the keys of `args` are added. */
function withMore(node: Node | undefined, more: Entry | undefined, problems: Problems): Node | undefined {
  const args = more === undefined ? undefined : asMap(more.value, '"args"', problems);
  if (node === undefined || args === undefined) return node;
  if (node.kind !== 'map') {
    problems.add(
      '"args" can\'t be added to arguments that are one expression',
      args.at,
      'write them in one of the two',
    );
    return node;
  }
  for (const entry of args.entries) {
    if (entryOf(node, entry.key) !== undefined)
      problems.add(`argument "${entry.key}" is given twice`, entry.at, 'keep one of the two');
  }
  return { ...node, entries: [...node.entries, ...args.entries.filter(({ key }) => entryOf(node, key) === undefined)] };
}

/** Arguments as a mapping; a string if the module accepts one. */
function argsNode(module: ModuleSchema, entry: Entry, problems: Problems): Node | undefined {
  const { value } = entry;
  if (value.kind === 'map') return value;
  const short = module.shorthand;
  const empty = value.kind === 'scalar' && value.value === null;
  if (empty) return { kind: 'map', at: entry.at, entries: [] };
  if (short !== undefined && value.kind !== 'secret')
    return { kind: 'map', at: value.at, entries: [{ key: short, at: value.at, value }] };
  const text = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : '';
  if (/^\{\{[^{}]*\}\}$/.test(text)) return value;
  const hint = /^\w+=/.test(text)
    ? 'write "name: value" lines instead of name=value'
    : 'write lines of "name: value" below it';
  problems.add(`${module.name} expects a mapping of arguments`, value.at, hint);
  return undefined;
}

/** `template: "{{ item }}"`: all arguments come from one expression, and are checked when its value is known. */
function wholeArgs(
  module: ModuleSchema,
  node: Node,
  { loading: { secrets } }: TaskContext,
  defaults: Inherited['moduleDefaults'],
): Args {
  const inner = asMapping(compileNode(node, secrets), node.at, module.name);
  const missing = withDefaults(module, { kind: 'map', at: node.at, entries: [] }, defaults);
  const { aliases = {} } = module;
  const evaluate: typeof inner.evaluate = (variables) => {
    const outcome = inner.evaluate(variables);
    if (outcome.kind === 'pending') return outcome;
    const entries = Object.entries(outcome.value).map(([key, value]) => [own(aliases, key) ?? key, value]);
    return { kind: 'value', value: Object.fromEntries(entries) };
  };
  const usual = asMapping(compileNode(missing, secrets), node.at, module.name);
  return { args: joined(usual, { ...inner, evaluate }), argPlaces: {}, conditions: [] };
}

type Keywords = Omit<Task, 'id' | 'name' | 'module' | 'args' | 'argPlaces' | 'conditions' | 'at' | 'role'> &
  Pick<Inherited, 'moduleDefaults'>;

function readKeywords(map: MapNode, context: TaskContext, above: Inherited): Keywords {
  const { problems } = context.loading;
  const conditions = (key: string): readonly Condition[] => {
    const entry = entryOf(map, key);
    return entry === undefined ? [] : (problems.attempt(() => compileConditions(entry.value, `"${key}"`)) ?? []);
  };
  const {
    blocks,
    environment,
    timeout,
    ignoreErrors = false,
    noLog = false,
    ...shared
  } = readInherited(map, context, above);
  const untilEntry = entryOf(map, 'until');
  const until = untilEntry && problems.attempt(() => compileCondition(untilEntry.value, '"until"'));
  const register = nameField(map, 'register', problems);
  const joined = joinedEnvironment(environment);
  const known = <T>(key: string, read: Reader<T>): T | undefined => readSettled(map, key, read, context, shared.vars);
  return {
    ...shared,
    ...(blocks.length === 0 ? {} : { blocks }),
    ...(joined === undefined ? {} : { environment: joined }),
    ...(timeout === undefined || timeout === 0 ? {} : { timeout }),
    ignoreErrors,
    noLog,
    ...readLoop(map, context, shared.vars),
    ...(register === undefined ? {} : { register }),
    ...(until === undefined ? {} : { until }),
    retries: known('retries', asCount) ?? (until === undefined ? 0 : 3),
    delay: known('delay', asDuration) ?? 5,
    changedWhen: conditions('changed_when'),
    failedWhen: conditions('failed_when'),
    listen: field(map, 'listen', asTexts(false), problems) ?? [],
  };
}
