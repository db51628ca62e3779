import type { Task, Template } from '../../core/playbook.ts';
import { compileText } from '../template/template.ts';
import { entryOf, type MapNode } from '../yaml/yaml-file.ts';
import type { TaskContext } from './loading.ts';

/** The name of the control node in `delegate_to`; no host of the inventory is meant by it. */
export const controlNode = 'localhost';

const namesOfControlNode = new Set([controlNode, '127.0.0.1', '::1']);

/** Reads `delegate_to`: the name of a host of the inventory, or the control node. */
export function readDelegateTo(map: MapNode, { loading }: TaskContext): Template<string> | undefined {
  const entry = entryOf(map, 'delegate_to');
  if (entry === undefined) return undefined;
  const { problems, secrets } = loading;
  const { value } = entry;
  const isLocal = value.kind === 'scalar' && typeof value.value === 'string' && namesOfControlNode.has(value.value);
  const node = isLocal ? { ...value, value: controlNode } : value;
  return problems.attempt(() => {
    const template = compileText(node, secrets, '"delegate_to"');
    if (isLocal) return template;
    return {
      ...template,
      evaluate: (variables) => {
        const name = template.evaluate(variables);
        return name.kind === 'value' && namesOfControlNode.has(name.value) ? { ...name, value: controlNode } : name;
      },
    };
  });
}

/** Whether a task may run on another host than that of its variables, except for the control node. */
export function delegatesAway({ delegateTo }: Pick<Task, 'delegateTo'>): boolean {
  return delegateTo !== undefined && delegateTo.source !== controlNode;
}

/** Why a task cannot be delegated to a host of this name. */
export function notInInventory(name: string): string {
  return name === '' ? 'the name of the host is empty' : `there is no host "${name}" in the inventory`;
}
