import type { Template, Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { compileNode, referencesOf } from '../template/template.ts';
import { typeName } from '../variables/value.ts';
import { listed } from '../yaml/spelling.ts';
import type { Node, ScalarNode } from '../yaml/yaml-file.ts';
import type { Inherited, TaskContext } from './loading.ts';
import { runsOn } from './only-on.ts';

/**
 * A node whose string contains `{{ }}` is replaced by one with its value, if that is known before the run and equal
 * on all of the play's hosts; other nodes are returned unchanged. Undefined if it is not, which is reported to the Problems.
 */
export function constantNode(
  node: Node,
  what: string,
  context: TaskContext,
  vars: Inherited['vars'] = {},
): Node | undefined {
  if (!isTemplate(node)) return node;
  const { problems, secrets } = context.loading;
  const template = problems.attempt(() => compileNode(node, secrets));
  const value = template && constantValue(template, what, context, vars);
  return value === undefined ? undefined : scalarOf(value, node, what, context);
}

/** The same with a node for each value, if that differs between hosts, and the names of the hosts that have the value. */
export function constantNodes(
  node: Node,
  what: string,
  context: TaskContext,
  vars: Inherited['vars'],
): { readonly node: Node; readonly onlyOn?: ReadonlySet<string> }[] {
  if (!isTemplate(node)) return [{ node }];
  const { problems, secrets } = context.loading;
  const template = problems.attempt(() => compileNode(node, secrets));
  const values = template === undefined ? [] : constantValues(template, what, context, vars);
  return values.flatMap(({ value, hosts }) => {
    const scalar = scalarOf(value, node, what, context);
    if (scalar === undefined) return [];
    return [values.length === 1 ? { node: scalar } : { node: scalar, onlyOn: new Set(hosts) }];
  });
}

function isTemplate(node: Node): node is ScalarNode {
  return node.kind === 'scalar' && typeof node.value === 'string' && node.value.includes('{{');
}

/**
 * The value of a template, if it is known before the run and equal on all of the play's hosts. Undefined if it is not, which is
 * reported to the Problems, and in a play without hosts.
 */
export function constantValue(
  template: Template,
  what: string,
  context: TaskContext,
  vars: Inherited['vars'],
): Value | undefined {
  const [first, second] = constantValues(template, what, context, vars);
  if (second === undefined) return first?.value;
  const both = listed([first, second].map((one) => `${shown(one?.value)} for ${one?.hosts[0]}`));
  context.loading.problems.add(
    `${what} differs between hosts (${both}): that is not supported yet`,
    template.at,
    settle,
  );
  return undefined;
}

interface HostsValue {
  readonly value: Value;
  readonly hosts: string[];
}

/** The values of a template that is known before the run; none if it is not, which is reported to the Problems. */
function constantValues(
  template: Template,
  what: string,
  context: TaskContext,
  vars: Inherited['vars'],
): readonly HostsValue[] {
  const { problems } = context.loading;
  const values = problems.attempt(() => {
    const found = new Map<string, HostsValue>();
    for (const { host, variables } of context.scope.views(context.role, vars)) {
      if (!runsOn(context, host)) continue;
      for (const { name, at, optional } of referencesOf(template)) {
        const known = variables.lookup(name);
        if (known?.kind === 'value' || (known === undefined && optional)) continue;
        problems.add(`${what} needs "${name}", which only a run can know: that is not supported yet`, at, settle);
        return undefined;
      }
      const outcome = template.evaluate(variables);
      if (outcome.kind === 'pending') {
        const names = listed(outcome.names.map((name) => `"${name}"`));
        problems.add(
          `${what} needs ${names}, which only a run can know: that is not supported yet`,
          template.at,
          settle,
        );
        return undefined;
      }
      const key = JSON.stringify(outcome.value);
      const same = found.get(key) ?? { value: outcome.value, hosts: [] };
      same.hosts.push(host);
      found.set(key, same);
    }
    return [...found.values()];
  });
  return values ?? [];
}

function shown(value: Value | undefined): string {
  return typeof value === 'object' && value !== null && !(value instanceof Secret) ? typeName(value) : String(value);
}

const settle = 'write the value itself, or a variable that is the same for all hosts of the play';

/** `-e` and a template give a string, even if a boolean or a number is meant. Undefined if it is no scalar, which is reported. */
function scalarOf(value: Value, node: ScalarNode, what: string, { loading }: TaskContext): ScalarNode | undefined {
  if (value === null || value instanceof Secret || typeof value === 'object') {
    loading.problems.add(`${what} can't be ${typeName(value)}`, node.at, 'give it one word or number');
    return undefined;
  }
  const meant = value === 'true' || value === 'false' ? value === 'true' : value;
  const plain = typeof meant === 'string' && /^\d{1,15}$/.test(meant) ? Number(meant) : meant;
  return { ...node, value: plain, source: String(value) };
}
