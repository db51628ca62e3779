import type { ModuleSchema } from '../../core/playbook.ts';
import { own } from '../variables/value.ts';
import type { Problems } from '../yaml/problems.ts';
import { didYouMean, listed } from '../yaml/spelling.ts';
import { entryOf, type MapNode } from '../yaml/yaml-file.ts';
import { loopLookups } from './loop-lookups.ts';

/** The actions of `meta`; the engine executes them. */
export const metaActions = ['flush_handlers', 'end_host', 'end_play', 'noop'] as const;

/** `meta: flush_handlers`: a Task whose args are `{ action }`. It is not a module that runs on a host. */
export const metaModule: ModuleSchema = {
  name: 'meta',
  shorthand: 'action',
  schema: {
    type: 'object',
    properties: { action: { type: 'string', description: 'What the run is to do now.' } },
    required: ['action'],
    additionalProperties: false,
  },
};

/** Ansible's other actions. */
const otherActions: Readonly<Record<string, string>> = {
  clear_facts: 'leave it out: facts come with each login',
  clear_host_errors: 'use rescue of a block',
  end_batch: 'use end_play',
  end_role: 'put the rest of the tasks into a block with "when"',
  refresh_inventory: 'leave it out: the inventory is files of the project',
  reset_connection: 'leave it out',
};

/** Keywords that are not allowed with it. */
const without = [
  ...Object.keys(loopLookups),
  'register',
  'until',
  'changed_when',
  'failed_when',
  'notify',
  'delegate_to',
];

/** Checks what the schema can't express. */
export function checkMeta(task: MapNode, problems: Problems): void {
  for (const { key, at, value } of task.entries) {
    if (without.includes(key)) problems.add(`"${key}" has no meaning together with "meta"`, at, 'remove it');
    if (!/^(ansible\.(builtin|legacy)\.)?meta$/.test(key)) continue;
    const action = value.kind === 'map' ? entryOf(value, 'action')?.value : value;
    if (action?.kind !== 'scalar' || typeof action.value !== 'string') continue;
    const { value: name } = action;
    const hint = own(otherActions, name);
    if (hint !== undefined) problems.add(`"meta: ${name}" is not supported yet`, action.at, hint);
    else if (!metaActions.some((one) => one === name))
      problems.add(
        `there is no "meta: ${name}"`,
        action.at,
        didYouMean(name, metaActions, `it can be ${listed(metaActions)}`),
      );
  }
}
