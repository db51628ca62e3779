import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HealError, HealErrors } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { modules } from '../../src/modules/registry.ts';
import { loadInventory } from '../../src/project/inventory.ts';
import { loadPlaybook } from '../../src/project/playbook.ts';

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
  name: { about: 'How things are when it is done; shown in every output.', schema: 'text' },
  hosts: { about: 'Pattern of the hosts that the play works on.', schema: 'texts' },
  role: { about: 'Name of the role.', schema: 'text' },
  roles: {
    about: 'Roles, run in order before `tasks`: names, or `{ role, vars, tags, when }`.',
    schema: { type: 'array', items: { $ref: '#/definitions/roleUse' } },
  },
  pre_tasks: { about: 'Tasks that run before the roles.', schema: tasks },
  tasks: { about: 'Tasks that run after the roles.', schema: tasks },
  post_tasks: { about: 'Tasks that run after `tasks`.', schema: tasks },
  handlers: { about: 'Tasks that run at the end of the play if a changed task notified them.', schema: tasks },
  when: { about: 'Condition, or several that must all hold; else it is skipped.', schema: 'conditions' },
  loop: { about: 'List: the task is done for each item, seen as `item`.', schema: 'list' },
  with_items: { about: 'As `loop`; lists in the list are opened, one level deep.', schema: 'any' },
  with_list: { about: 'As `loop`.', schema: 'list' },
  with_dict: { about: 'As `loop`, over a mapping: `item.key` and `item.value`.', schema: 'any' },
  loop_control: { about: 'More about the loop.', schema: { $ref: '#/definitions/loopControl' } },
  loop_var: { about: "The item's name in place of `item`.", schema: 'name' },
  index_var: { about: "Name for the item's number, from 0.", schema: 'name' },
  label: { about: 'What is shown of an item in place of all of it.', schema: 'any' },
  pause: { about: 'Time between two items.', schema: 'duration' },
  register: { about: 'Keeps the result under this name, for later tasks.', schema: 'name' },
  until: { about: 'Condition: the task is done again until it holds.', schema: 'condition' },
  retries: { about: 'How often it is done again; 3 where there is `until`.', schema: 'count' },
  delay: { about: 'Time between two tries; 5 seconds if not said.', schema: 'duration' },
  changed_when: { about: 'Condition that says whether it counts as changed.', schema: 'conditions' },
  failed_when: { about: 'Condition that says whether it failed.', schema: 'conditions' },
  ignore_errors: { about: 'Goes on if it failed.', schema: 'boolean' },
  ignore_unreachable: { about: 'Goes on if the host could not be reached.', schema: 'boolean' },
  notify: { about: 'Handlers to run after a change, by name or by what they `listen` to.', schema: 'texts' },
  listen: { about: 'Other names by which a handler is notified.', schema: 'texts' },
  become: { about: 'Whether to work as `become_user`.', schema: 'boolean' },
  become_user: { about: 'Whom to become; root if not said.', schema: 'text' },
  become_method: { about: '`sudo`, which is the only one.', schema: { enum: ['sudo'] } },
  args: { about: 'Arguments of the module that stand apart from it.', schema: 'mapping' },
  environment: { about: 'Environment variables.', schema: 'mapping' },
  no_log: { about: 'Shows neither arguments nor results.', schema: 'boolean' },
  check_mode: { about: '`true`: only ever plans. `false`: acts in a plan, too.', schema: 'boolean' },
  diff: { about: '`false` hides the diffs.', schema: 'boolean' },
  timeout: { about: 'Time it may take on the host; then it has failed.', schema: 'duration' },
  tags: {
    about: 'Words by which `--tags` and `--skip-tags` choose; `always` and `never` are special.',
    schema: 'texts',
  },
  vars: { about: 'Variables for it alone.', schema: 'mapping' },
  vars_files: { about: 'Files of variables, by their path from the playbook.', schema: 'texts' },
  block: { about: 'Tasks that share the keywords beside it.', schema: tasks },
  rescue: { about: 'Tasks that run if one of the block failed; then nothing has failed.', schema: tasks },
  always: { about: 'Tasks that run after the block, whatever happened in it.', schema: tasks },
  import_tasks: { about: 'A file of tasks, read before the run.', schema: 'any' },
  include_tasks: { about: 'The same.', schema: 'any' },
  import_role: { about: 'A role at this place: `{ name, tasks_from, ... }`.', schema: 'any' },
  include_role: { about: 'The same.', schema: 'any' },
  import_playbook: { about: 'The plays of another playbook, at this place.', schema: 'text' },
  meta: { about: 'Steers the run: `flush_handlers`, `end_host`, `end_play`, `noop`.', schema: 'text' },
  set_fact: { about: 'Gives variables values for the rest of the run on that host.', schema: 'any' },
  delegate_to: { about: 'Host that it is done on in place of this one.', schema: 'text' },
  run_once: { about: 'Done on the first host of the batch alone; its result holds for all.', schema: 'boolean' },
  any_errors_fatal: { about: 'A failure on one host ends the play on all of the batch.', schema: 'boolean' },
  max_fail_percentage: { about: 'The play ends when more hosts of a batch failed.', schema: 'any' },
  force_handlers: { about: 'Handlers run on hosts that failed, too.', schema: 'boolean' },
  gather_facts: { about: 'Taken for the sake of old playbooks: facts come with the login.', schema: 'boolean' },
  serial: {
    about: 'Hosts per batch: a number, a percentage, or a list of such.',
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
  const folder = mkdtempSync(join(tmpdir(), 'heal-keywords-'));
  try {
    const inventory = await loadInventory({ project: folder, sources: ['one,'], home: folder, env: {} });
    const takes = async (scope: Scope, key: string): Promise<boolean> => {
      const file = join(folder, 'probe.yml');
      writeFileSync(file, `${frames[scope](key)}\n`);
      const said = await loadPlaybook({
        project: folder,
        shipped: folder,
        name: file,
        catalogue: modules,
        inventory,
        home: folder,
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
    rmSync(folder, { recursive: true, force: true });
  }
}

function messages(error: unknown): string[] {
  if (error instanceof HealErrors) return error.errors.map((one) => one.message);
  if (error instanceof HealError) return [error.message];
  throw error;
}
