import type { Template, Value } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { compileNode, referencesOf } from '../template/template.ts';
import { typeName } from '../variables/value.ts';
import { listed } from '../yaml/spelling.ts';
import type { Node, ScalarNode } from '../yaml/yaml-file.ts';
import type { Inherited, TaskContext } from './loading.ts';

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
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !node.value.includes('{{')) return node;
  const { problems, secrets } = context.loading;
  const template = problems.attempt(() => compileNode(node, secrets));
  const value = template && constantValue(template, what, context, vars);
  if (value === undefined) return undefined;
  if (value === null || value instanceof Secret || typeof value === 'object') {
    problems.add(`${what} can't be ${typeName(value)}`, node.at, 'give it one word or number');
    return undefined;
  }
  return scalarOf(value, node);
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
  const { problems } = context.loading;
  return problems.attempt(() => {
    const found = new Map<string, { host: string; value: Value }>();
    for (const { host, variables } of context.scope.views(context.role, vars)) {
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
      found.set(JSON.stringify(outcome.value), { host, value: outcome.value });
    }
    const [first, second] = found.values();
    if (second === undefined) return first?.value;
    const both = listed([first, second].map((one) => `${shown(one?.value)} for ${one?.host}`));
    problems.add(`${what} differs between hosts (${both}): that is not supported yet`, template.at, settle);
    return undefined;
  });
}

function shown(value: Value | undefined): string {
  return typeof value === 'object' && value !== null && !(value instanceof Secret) ? typeName(value) : String(value);
}

const settle = 'write the value itself, or a variable that is the same for all hosts of the play';

/** `-e` and a template give a string, even if a boolean or a number is meant. */
function scalarOf(value: string | number | boolean, node: ScalarNode): ScalarNode {
  const meant = value === 'true' || value === 'false' ? value === 'true' : value;
  const plain = typeof meant === 'string' && /^\d{1,15}$/.test(meant) ? Number(meant) : meant;
  return { ...node, value: plain, source: String(value) };
}
