import type { Place } from '../core/place.ts';
import type { Condition, ModuleSchema, Task, Template } from '../core/playbook.ts';
import { compileCondition, compileConditions } from './condition.ts';
import { asBoolean, asCount, asDuration, asMap, asText, asTexts, checkKeys, checkName, field } from './fields.ts';
import { compileLayer } from './layer.ts';
import type { TaskContext } from './loading.ts';
import { checkArgsBefore } from './module-args.ts';
import type { Problems } from './problems.ts';
import { usage } from './problems.ts';
import { didYouMean, listed } from './spelling.ts';
import { taskKeywords, unsupportedKeywords } from './task-keywords.ts';
import { compileNode, compileText, constant, referencesOf } from './template.ts';
import type { Reference } from './template-tree.ts';
import { isMapping, typeName, type ValueMap } from './value.ts';
import { type Entry, entryOf, type MapNode, type Node } from './yaml-file.ts';

/** What a play and a role hand down to their tasks. */
export interface Inherited {
  readonly when: readonly Condition[];
  readonly tags: readonly string[];
  readonly become?: boolean;
  readonly becomeUser?: Template<string>;
  readonly environment: readonly Template<ValueMap>[];
}

export const nothingInherited: Inherited = { when: [], tags: [], environment: [] };

/** Reads one task. What is wrong goes to the Problems; undefined where nothing is left that could be checked further. */
export function readTask(node: Node, index: number, context: TaskContext, inherited: Inherited): Task | undefined {
  const { loading } = context;
  const { problems } = loading;
  const map = asMap(node, 'a task', problems);
  if (map === undefined) return undefined;
  const found = moduleOf(map, loading.catalogue, problems);
  const keywords = readKeywords(map, context, inherited);
  if (found === undefined) return undefined;
  const args = readArgs(found.module, found.entry, context);
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
    const module = catalogue.get(entry.key.replace(/^ansible\.(builtin|legacy)\./, ''));
    if (module !== undefined) found.push({ entry, module });
    else if (Object.hasOwn(unsupportedKeywords, entry.key)) {
      problems.add(`"${entry.key}" is not supported yet`, entry.at, unsupportedKeywords[entry.key]);
    } else unknown.push(entry);
  }
  const names = [...catalogue.keys(), ...taskKeywords];
  for (const entry of unknown) {
    const near = didYouMean(entry.key, names, `modules are ${listed([...catalogue.keys()].sort(), 60)}`);
    problems.add(`there is no module or keyword "${entry.key}"`, entry.at, near);
  }
  const [first, second] = found;
  if (second !== undefined) {
    problems.add(
      `a task has one module, but this has "${first?.entry.key}" and "${second.entry.key}"`,
      second.entry.at,
      'make two tasks of it',
    );
  }
  const unsupported = map.entries.some((entry) => Object.hasOwn(unsupportedKeywords, entry.key));
  if (first === undefined && unknown.length === 0 && !unsupported) {
    problems.add('the task has no module', map.at, 'add the line that says what to do, as in "command: uptime"');
  }
  return second === undefined ? first : undefined;
}

type Args = Pick<Task, 'args' | 'argPlaces' | 'conditions'>;

function readArgs(module: ModuleSchema, entry: Entry, context: TaskContext): Args | undefined {
  const { problems, secrets, later } = context.loading;
  const node = argsNode(module, entry, problems);
  if (node === undefined) return undefined;
  if (node.kind !== 'map') return problems.attempt(() => wholeArgs(module, node, context));
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

/** Arguments as a mapping; a text where the module takes one. */
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
  problems.add(`${module.name} takes a mapping of arguments`, value.at, hint);
  return undefined;
}

/** `template: "{{ item }}"`: all arguments come from one expression, and are checked when it has a value. */
function wholeArgs(module: ModuleSchema, node: Node, context: TaskContext): Args {
  const inner = compileNode(node, context.loading.secrets);
  return { args: asMapping(inner, node.at, module.name), argPlaces: {}, conditions: [] };
}

/** A Template whose value must be a mapping. */
function asMapping(inner: Template, at: Place, what: string): MapTemplate {
  return {
    ...inner,
    evaluate: (variables) => {
      const outcome = inner.evaluate(variables);
      if (outcome.kind === 'pending') return outcome;
      const { value } = outcome;
      if (isMapping(value)) return { kind: 'value', value };
      throw usage(`${what} must be a mapping, not ${typeName(value)}`, at, 'give it a variable that is one');
    },
  };
}

type MapTemplate = Template<ValueMap>;

type Keywords = Omit<Task, 'id' | 'name' | 'module' | 'args' | 'argPlaces' | 'conditions' | 'at' | 'role'>;

function readKeywords(map: MapNode, context: TaskContext, inherited: Inherited): Keywords {
  const { problems, secrets } = context.loading;
  const conditions = (key: string): readonly Condition[] => {
    const entry = entryOf(map, key);
    return entry === undefined ? [] : (problems.attempt(() => compileConditions(entry.value, `"${key}"`)) ?? []);
  };
  const text = (key: string): Template<string> | undefined => {
    const entry = entryOf(map, key);
    return entry === undefined ? undefined : problems.attempt(() => compileText(entry.value, secrets, `"${key}"`));
  };
  const loop = entryOf(map, 'loop');
  const untilEntry = entryOf(map, 'until');
  const until = untilEntry && problems.attempt(() => compileCondition(untilEntry.value, '"until"'));
  const register = nameField(map, 'register', problems);
  const become = field(map, 'become', asBoolean, problems) ?? inherited.become;
  const becomeUser = text('become_user') ?? inherited.becomeUser;
  const checkMode = field(map, 'check_mode', asBoolean, problems);
  const timeout = field(map, 'timeout', asDuration, problems);
  const environment = readEnvironment(map, context, inherited.environment);
  if (loop?.value.kind === 'map')
    problems.add('"loop" must be a list', loop.value.at, 'begin each of its entries with "- "');
  const loopTemplate = loop === undefined ? undefined : problems.attempt(() => compileNode(loop.value, secrets));
  return {
    when: [...inherited.when, ...conditions('when')],
    ...(loopTemplate === undefined ? {} : { loop: loopTemplate }),
    loopVar: readLoopControl(map, problems),
    ...(register === undefined ? {} : { register }),
    ...(until === undefined ? {} : { until }),
    retries: field(map, 'retries', asCount, problems) ?? (until === undefined ? 0 : 3),
    delay: field(map, 'delay', asDuration, problems) ?? 5,
    changedWhen: conditions('changed_when'),
    failedWhen: conditions('failed_when'),
    ignoreErrors: field(map, 'ignore_errors', asBoolean, problems) ?? false,
    notify: readNotify(map, context),
    listen: field(map, 'listen', asTexts(false), problems) ?? [],
    ...(become === undefined ? {} : { become }),
    ...(becomeUser === undefined ? {} : { becomeUser }),
    ...(environment === undefined ? {} : { environment }),
    noLog: field(map, 'no_log', asBoolean, problems) ?? false,
    ...(checkMode === undefined ? {} : { checkMode }),
    ...(timeout === undefined || timeout === 0 ? {} : { timeout }),
    tags: [...new Set([...inherited.tags, ...(field(map, 'tags', asTexts(true), problems) ?? [])])],
    vars: readVars(map, context),
  };
}

function readLoopControl(map: MapNode, problems: Problems): string {
  const entry = entryOf(map, 'loop_control');
  const control = entry === undefined ? undefined : asMap(entry.value, '"loop_control"', problems);
  if (control === undefined) return 'item';
  const later = { index_var: 'leave it out', label: 'leave it out', pause: 'leave it out', extended: 'leave it out' };
  checkKeys(control, '"loop_control"', ['loop_var'], problems, later);
  return nameField(control, 'loop_var', problems) ?? 'item';
}

function nameField(map: MapNode, key: string, problems: Problems): string | undefined {
  const name = field(map, key, asText, problems);
  const entry = entryOf(map, key);
  return name !== undefined && entry !== undefined && checkName(name, entry.value.at, problems) ? name : undefined;
}

function readNotify(map: MapNode, { loading }: TaskContext): Template<string>[] {
  const entry = entryOf(map, 'notify');
  if (entry === undefined) return [];
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return nodes.flatMap((node) => loading.problems.attempt(() => compileText(node, loading.secrets, '"notify"')) ?? []);
}

/** `vars` of a task, a play or a role's use. */
export function readVars(map: MapNode, { loading }: TaskContext): Readonly<Record<string, Template>> {
  const entry = entryOf(map, 'vars');
  const node = entry === undefined ? undefined : asMap(entry.value, '"vars"', loading.problems);
  return node === undefined ? {} : compileLayer('vars', node, loading.secrets, loading.problems).vars;
}

/** `environment` with what is inherited under it: a nearer one wins name by name. */
export function readEnvironment(
  map: MapNode,
  { loading }: TaskContext,
  inherited: Inherited['environment'],
): Task['environment'] | undefined {
  const entry = entryOf(map, 'environment');
  const own =
    entry &&
    loading.problems.attempt(() => asMapping(compileNode(entry.value, loading.secrets), entry.at, '"environment"'));
  const all = own === undefined ? inherited : [...inherited, own];
  const [first, ...rest] = all;
  return first === undefined ? undefined : rest.reduce(joined, first);
}

function joined(below: MapTemplate, above: MapTemplate): MapTemplate {
  const both: MapTemplate & { references: readonly Reference[] } = {
    at: above.at,
    inputs: [...new Set([...below.inputs, ...above.inputs])],
    references: [...referencesOf(below), ...referencesOf(above)],
    evaluate: (variables) => {
      const low = below.evaluate(variables);
      const high = above.evaluate(variables);
      if (low.kind === 'pending') return low;
      if (high.kind === 'pending') return high;
      return { kind: 'value', value: { ...low.value, ...high.value } };
    },
  };
  return both;
}
