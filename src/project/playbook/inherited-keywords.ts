import type { Place } from '../../core/place.ts';
import type { Task, Template } from '../../core/playbook.ts';
import { compileConditions } from '../template/condition.ts';
import { type Compiled, compileNode, compileText, referencesOf } from '../template/template.ts';
import { compileLayer } from '../variables/layer.ts';
import { isMapping, typeName, type ValueMap } from '../variables/value.ts';
import { asBoolean, asDuration, asMap, asTexts, field, type Reader } from '../yaml/fields.ts';
import { usage } from '../yaml/problems.ts';
import { type Entry, entryOf, type MapNode } from '../yaml/yaml-file.ts';
import { constantNode } from './constant-node.ts';
import { readDelegateTo } from './delegate-to.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { readModuleDefaults } from './module-defaults.ts';

export const nothingInherited: Inherited = {
  when: [],
  tags: [],
  environment: [],
  notify: [],
  moduleDefaults: {},
  vars: {},
  blocks: [],
};

/**
 * The inherited keywords, on top of those from above: a nearer value wins, but tags, conditions and notified
 * handlers are combined, and environment and vars are merged by name. Keys that the object can't have were refused before.
 */
export function readInherited(map: MapNode, context: TaskContext, above: Inherited, withVars = true): Inherited {
  const { problems } = context.loading;
  const vars = withVars ? { ...above.vars, ...readVars(map, context) } : above.vars;
  const known = <T>(key: string, read: Reader<T>): T | undefined => readSettled(map, key, read, context, vars);
  const becomeUser = textOf(map, 'become_user', context);
  const delegateTo = readDelegateTo(map, context);
  const environment = readEnvironment(map, context);
  refuseMethod(entryOf(map, 'become_method'), context);
  const when = entryOf(map, 'when');
  return {
    ...above,
    ...given('become', known('become', asBoolean)),
    ...given('ignoreErrors', known('ignore_errors', asBoolean)),
    ...given('ignoreUnreachable', known('ignore_unreachable', asBoolean)),
    ...given('noLog', known('no_log', asBoolean)),
    ...given('checkMode', known('check_mode', asBoolean)),
    ...given('diff', known('diff', asBoolean)),
    ...given('runOnce', known('run_once', asBoolean)),
    ...given('timeout', known('timeout', asDuration)),
    ...given('becomeUser', becomeUser),
    ...given('delegateTo', delegateTo),
    when: [...above.when, ...((when && problems.attempt(() => compileConditions(when.value, '"when"'))) ?? [])],
    tags: [...new Set([...above.tags, ...(field(map, 'tags', asTexts(true), problems) ?? [])])],
    environment: environment === undefined ? above.environment : [...above.environment, environment],
    notify: [...above.notify, ...readNotify(map, context)],
    moduleDefaults: readModuleDefaults(map, context, above.moduleDefaults),
    vars,
  };
}

/** Keywords that a role's handlers, checks and drills inherit: without those that control only its tasks. */
export function apartFromTasks(inherited: Inherited): Inherited {
  const { ignoreErrors: _, ignoreUnreachable: __, runOnce: ___, delegateTo: ____, ...rest } = inherited;
  return { ...rest, notify: [], vars: {}, blocks: [] };
}

/** Reads a key whose `{{ }}` is evaluated before the run. */
export function readSettled<T>(
  map: MapNode,
  key: string,
  read: Reader<T>,
  context: TaskContext,
  vars: Inherited['vars'],
): T | undefined {
  const entry = entryOf(map, key);
  const node = entry && constantNode(entry.value, `"${key}"`, context, vars);
  return node && read(node, `"${key}"`, context.loading.problems);
}

/** A string that is rendered for each host. */
export function textOf(map: MapNode, key: string, { loading }: TaskContext): Template<string> | undefined {
  const entry = entryOf(map, key);
  return entry && loading.problems.attempt(() => compileText(entry.value, loading.secrets, `"${key}"`));
}

/** `vars` of a task, a play or a role's use. */
export function readVars(map: MapNode, { loading }: TaskContext): Readonly<Record<string, Template>> {
  const entry = entryOf(map, 'vars');
  const node = entry === undefined ? undefined : asMap(entry.value, '"vars"', loading.problems);
  return node === undefined ? {} : compileLayer('vars', node, loading.secrets, loading.problems).vars;
}

/** All environments merged: a nearer one wins for each name. */
export function joinedEnvironment(all: Inherited['environment']): Task['environment'] | undefined {
  const [first, ...rest] = all;
  return first === undefined ? undefined : rest.reduce(joined, first);
}

/** A Template whose value must be a mapping. */
export function asMapping(inner: Template, at: Place, what: string): Template<ValueMap> {
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

function given<K extends string, T>(key: K, value: T | undefined): { readonly [_ in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [_ in K]?: T });
}

function readEnvironment(map: MapNode, { loading }: TaskContext): Template<ValueMap> | undefined {
  const entry = entryOf(map, 'environment');
  if (entry === undefined) return undefined;
  return loading.problems.attempt(() =>
    asMapping(compileNode(entry.value, loading.secrets), entry.at, '"environment"'),
  );
}

/** A mapping on top of another one. */
export function joined(below: Template<ValueMap>, above: Template<ValueMap>): Template<ValueMap> {
  const both: Compiled<ValueMap> = {
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

function readNotify(map: MapNode, { loading }: TaskContext): Template<string>[] {
  const entry = entryOf(map, 'notify');
  if (entry === undefined) return [];
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return nodes.flatMap((node) => loading.problems.attempt(() => compileText(node, loading.secrets, '"notify"')) ?? []);
}

function refuseMethod(entry: Entry | undefined, { loading }: TaskContext): void {
  if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === 'sudo')) return;
  loading.problems.add(
    '"become_method" other than sudo is not supported here',
    entry.value.at,
    'for su, set the variable become_method: su of the host or group, which applies to all its tasks',
  );
}
