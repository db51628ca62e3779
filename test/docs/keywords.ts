import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HealError, HealErrors } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { modules } from '../../src/modules/registry.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { loadPlaybook } from '../../src/project/playbook/playbook.ts';

/** Where a keyword can stand. */
export const scopes = ['task', 'block', 'play', 'role', 'loop_control'] as const;
export type Scope = (typeof scopes)[number];

/** What a keyword takes: a name of a definition in the schemas, or a schema. */
export interface Keyword {
  readonly about: string;
  readonly schema: string | JsonObject;
}

const tasks: JsonObject = { $ref: 'tasks.json#/definitions/tasks' };

/**
 * All keywords that there may be. Whether heal has one is not said here but asked of its own loader, so that the pages
 * can't promise what the program refuses.
 */
export const keywords: Readonly<Record<string, Keyword>> = {
  name: { about: 'Name, shown in every output. Name a task after the state that it ensures.', schema: 'text' },
  hosts: { about: 'Pattern of the hosts of the play.', schema: 'texts' },
  role: { about: 'Name of the role.', schema: 'text' },
  roles: {
    about: 'Roles, run in order before `tasks`: names, or `{ role, vars, tags, when }`.',
    schema: { type: 'array', items: { $ref: '#/definitions/roleUse' } },
  },
  pre_tasks: { about: 'Tasks that run before the roles.', schema: tasks },
  tasks: { about: 'Tasks that run after the roles.', schema: tasks },
  post_tasks: { about: 'Tasks that run after `tasks`.', schema: tasks },
  handlers: { about: 'Tasks that run at the end of the play if a changed task notified them.', schema: tasks },
  when: { about: 'Condition, or a list of conditions. Skipped unless all are true.', schema: 'conditions' },
  loop: { about: 'List. The task runs once for each item, available as `item`.', schema: 'list' },
  with_items: { about: 'Same as `loop`, but nested lists are flattened by one level.', schema: 'any' },
  with_list: { about: 'Same as `loop`.', schema: 'list' },
  with_dict: { about: 'Same as `loop`, over a mapping: `item.key` and `item.value`.', schema: 'any' },
  with_indexed_items: { about: 'As `with_items`; an item is `[number from 0, item]`.', schema: 'any' },
  with_nested: { about: 'Each combination of the items of several lists: a list.', schema: 'any' },
  with_together: { about: 'The first items of several lists, then the second ones: a list each.', schema: 'any' },
  with_subelements: {
    about:
      'Each item of a list inside the mappings of a list: `[[mapping, ...], key]`; an item is `[mapping without key, item]`.',
    schema: 'any',
  },
  with_sequence: {
    about: 'Numbers as strings: `start=1 end=9 stride=2 format=bot%02d`, or `count=5`.',
    schema: 'text',
  },
  loop_control: { about: 'Options of the loop.', schema: { $ref: '#/definitions/loopControl' } },
  loop_var: { about: 'Name of the loop variable, instead of `item`.', schema: 'name' },
  index_var: { about: 'Name of the variable for the index, from 0.', schema: 'name' },
  label: { about: 'What to show instead of the whole item.', schema: 'any' },
  pause: { about: 'Pause between two items.', schema: 'duration' },
  register: { about: 'Name of the variable that stores the result.', schema: 'name' },
  until: { about: 'Condition. The task is retried until it is true.', schema: 'condition' },
  retries: {
    about: 'Maximum number of retries while `until` is false. Default: 3. No effect without `until`.',
    schema: 'count',
  },
  delay: { about: 'Delay between two retries. Default: 5 seconds.', schema: 'duration' },
  changed_when: { about: 'Condition that decides whether the task counts as changed.', schema: 'conditions' },
  failed_when: { about: 'Condition that decides whether the task failed.', schema: 'conditions' },
  ignore_errors: { about: 'Continue if the task failed.', schema: 'boolean' },
  ignore_unreachable: { about: 'Continue if the host is unreachable.', schema: 'boolean' },
  notify: { about: 'Handlers to run after a change, by name or by what they `listen` to.', schema: 'texts' },
  listen: { about: 'Further names that notify the handler.', schema: 'texts' },
  become: { about: 'Whether to become `become_user`.', schema: 'boolean' },
  become_user: { about: 'User to become. Default: root.', schema: 'text' },
  become_method: {
    about: 'Only `sudo`. For su, set the variable `become_method` of the host.',
    schema: { enum: ['sudo'] },
  },
  args: { about: 'Further arguments of the module.', schema: 'mapping' },
  environment: { about: 'Environment variables.', schema: 'mapping' },
  no_log: { about: 'Do not show arguments and results.', schema: 'boolean' },
  check_mode: {
    about: '`true`: only plan this task, even in `heal run`. `false`: apply it, even in `heal plan`.',
    schema: 'boolean',
  },
  diff: { about: '`false`: do not show diffs.', schema: 'boolean' },
  timeout: {
    about: 'Maximum run time on the host. When it is exceeded, the task is stopped and fails.',
    schema: 'duration',
  },
  tags: {
    about: 'Tags for `--tags` and `--skip-tags`; `always` and `never` are special.',
    schema: 'texts',
  },
  vars: { about: 'Variables with this scope.', schema: 'mapping' },
  vars_files: { about: 'Files of variables; paths are relative to the playbook.', schema: 'texts' },
  block: { about: 'Tasks that share the keywords of the block.', schema: tasks },
  rescue: {
    about:
      'Tasks that run if a task of the block fails. If they succeed, the failure counts as rescued and the host continues.',
    schema: tasks,
  },
  always: {
    about: 'Tasks that always run after the block. They may undo what its tasks did, such as stopping a service.',
    schema: tasks,
  },
  import_tasks: { about: 'File of tasks, read before the run.', schema: 'any' },
  include_tasks: { about: 'Same as the `import_` form, and with a loop: once for each item.', schema: 'any' },
  import_role: { about: 'Role to run here: `{ name, tasks_from, ... }`.', schema: 'any' },
  include_role: { about: 'Same as the `import_` form, and with a loop: once for each item.', schema: 'any' },
  import_playbook: { about: 'Playbook whose plays run here.', schema: 'text' },
  meta: { about: 'Controls the run: `flush_handlers`, `end_host`, `end_play`, `noop`.', schema: 'text' },
  set_fact: { about: 'Sets variables for the rest of the run on that host.', schema: 'any' },
  delegate_to: {
    about:
      'Host of the inventory to run the task on, with the variables and facts of the current host; `localhost` is the control node.',
    schema: 'text',
  },
  module_defaults: { about: 'Arguments by module, for its tasks that do not have them.', schema: 'any' },
  run_once: {
    about: 'Run the task once per batch, on its first host, and use the result for all hosts of the batch.',
    schema: 'boolean',
  },
  any_errors_fatal: { about: 'End the play on all hosts of the batch if the task fails on one.', schema: 'boolean' },
  max_fail_percentage: {
    about: 'End the play when more than this percentage of the hosts of a batch have failed.',
    schema: 'any',
  },
  force_handlers: { about: 'Run pending handlers also on hosts that failed.', schema: 'boolean' },
  gather_facts: {
    about: 'Accepted for compatibility with Ansible; facts are always gathered at login.',
    schema: 'boolean',
  },
  serial: {
    about: 'Hosts per batch: a number, a percentage, or a list of them.',
    schema: 'any',
  },
};

/** A key under which an entry of a list of tasks may stand in place of a module. */
const inTasksAlone = ['import_tasks', 'include_tasks', 'import_role', 'include_role', 'meta', 'set_fact'];

const names = Object.keys(keywords);

const frames: Readonly<Record<Scope, (key: string) => string>> = {
  task: (key) =>
    inTasksAlone.includes(key)
      ? `- hosts: all\n  tasks: [{ ${key}: x }]`
      : `- hosts: all\n  tasks: [{ fail: x, ${key}: null }]`,
  block: (key) => `- hosts: all\n  tasks: [{ block: [{ fail: x }], ${key === 'block' ? '' : `${key}: null`} }]`,
  play: (key) =>
    key === 'import_playbook' ? `- { ${key}: other }` : `- { hosts: all, ${key === 'hosts' ? '' : `${key}: null`} }`,
  role: (key) => `- { hosts: all, roles: [{ role: probed, ${key === 'role' ? '' : `${key}: null`} }] }`,
  loop_control: (key) => `- hosts: all\n  tasks: [{ fail: x, loop: [1], loop_control: { ${key}: null } }]`,
};

const refusal =
  /^(there is no (module or )?keyword|(the module )?"[^"]*" is not supported|.* has no key "|"[^"]*" can't stand)/;

/** The keywords that heal takes at each place, as its loader says. */
export async function knownKeywords(): Promise<Readonly<Record<Scope, readonly string[]>>> {
  const directory = mkdtempSync(join(tmpdir(), 'heal-keywords-'));
  try {
    const inventory = await loadInventory({ project: directory, sources: ['one,'], home: directory, env: {} });
    const takes = async (scope: Scope, key: string): Promise<boolean> => {
      const file = join(directory, 'probe.yml');
      writeFileSync(file, `${frames[scope](key)}\n`);
      const said = await loadPlaybook({
        project: directory,
        shipped: directory,
        name: file,
        catalogue: modules,
        inventory,
        home: directory,
        env: {},
      }).then(
        () => [],
        (error: unknown) => messages(error),
      );
      return !said.some((text) => refusal.test(text) && text.includes(`"${key}"`));
    };
    const known: Partial<Record<Scope, readonly string[]>> = {};
    for (const scope of scopes) {
      const found: string[] = [];
      // Only a loader that knows blocks can say what stands in them.
      if (scope === 'block' && !(await takes('task', 'block'))) continue;
      for (const key of names) if (await takes(scope, key)) found.push(key);
      known[scope] = found;
    }
    return { task: [], block: [], play: [], role: [], loop_control: [], ...known };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function messages(error: unknown): string[] {
  if (error instanceof HealErrors) return error.errors.map((one) => one.message);
  if (error instanceof HealError) return [error.message];
  throw error;
}
