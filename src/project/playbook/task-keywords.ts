import { loopLookups } from './loop-lookups.ts';

/** A keyword of Ansible that heal does not have: always reported. The hint says what to do instead. */
export interface Refused {
  readonly status: 'not yet' | 'no';
  readonly hint: string;
}

/** Keywords that a play, a role, a block, an import and a task have in common; their tasks inherit each of them. */
export const sharedKeywords = [
  'tags',
  'become',
  'become_user',
  'become_method',
  'environment',
  'ignore_errors',
  'ignore_unreachable',
  'no_log',
  'check_mode',
  'diff',
  'run_once',
  'timeout',
  'module_defaults',
] as const;

/** Additional keywords of a role's use, a block and an import. */
export const nestedKeywords = ['name', 'vars', 'when', 'delegate_to', ...sharedKeywords] as const;

/** Keywords of a task: every other key names its module. */
export const taskKeywords: ReadonlySet<string> = new Set([
  ...nestedKeywords,
  'args',
  ...Object.keys(loopLookups),
  'loop_control',
  'register',
  'until',
  'retries',
  'delay',
  'changed_when',
  'failed_when',
  'notify',
  'listen',
]);

const notYet = (hint: string): Refused => ({ status: 'not yet', hint });
const no = (hint: string): Refused => ({ status: 'no', hint });

const aloneBySudo = no('heal becomes another user with sudo or su');

/** Keywords that neither a task nor the objects around it accept. */
const refusedAnywhere: Readonly<Record<string, Refused>> = {
  any_errors_fatal: notYet('write it at the play'),
  become_exe: aloneBySudo,
  become_flags: aloneBySudo,
  collections: no('modules ship with heal: leave it out'),
  connection: no('heal connects only with SSH; for a task on the control node use delegate_to: localhost'),
  debugger: no('leave it out'),
  delegate_facts: no('facts come with the login: leave it out'),
  port: no('set port in the inventory'),
  remote_user: no('set user in the inventory'),
  throttle: notYet('use serial of the play'),
};

/** Ansible's keywords of a task that heal does not have. */
export const refusedInTask: Readonly<Record<string, Refused>> = {
  ...refusedAnywhere,
  action: no('write the module itself as the key'),
  async: notYet('leave it out: a task may take as long as its timeout'),
  import_playbook: no('it belongs in a playbook, next to the plays'),
  include: no('write import_tasks'),
  include_vars: notYet('use vars_files of the play'),
  local_action: no('write the module as the key, and delegate_to: localhost'),
  poll: notYet('leave it out: a task may take as long as its timeout'),
  with_file: no('use loop'),
  with_fileglob: no('use loop'),
  with_first_found: no('use loop'),
  with_flattened: no('use loop'),
  with_lines: no('use loop'),
  with_random_choice: no('use loop'),
};

/** The same for a role's use. */
export const refusedInRole: Readonly<Record<string, Refused>> = refusedAnywhere;

const inEachTask = no('it belongs to one task: write it there');

/** The same for a block. */
export const refusedInBlock: Readonly<Record<string, Refused>> = {
  ...refusedAnywhere,
  changed_when: inEachTask,
  failed_when: inEachTask,
  loop: no('put the tasks into a loop of their own, each'),
  register: inEachTask,
  until: inEachTask,
};

const loopOfImport = no('use include_tasks or include_role: an import has no loop');

/** The same for `import_tasks`, `include_role` and similar keys. */
export const refusedInImport: Readonly<Record<string, Refused>> = {
  ...refusedAnywhere,
  changed_when: inEachTask,
  failed_when: inEachTask,
  loop: loopOfImport,
  loop_control: loopOfImport,
  register: inEachTask,
  until: inEachTask,
  with_dict: loopOfImport,
  with_items: loopOfImport,
  with_list: loopOfImport,
};

/** The same for a play. */
export const refusedInPlay: Readonly<Record<string, Refused>> = {
  ...refusedAnywhere,
  delegate_to: no('write it at the tasks'),
  fact_path: no('leave it out: a host keeps no facts for heal'),
  gather_subset: no('leave it out: facts come with the login'),
  gather_timeout: no('leave it out: facts come with the login'),
  order: no('hosts run side by side: leave it out'),
  strategy: no('leave it out: hosts run freely, each at its own pace'),
  validate_argspec: no("leave it out: a role's arguments are always checked"),
  vars_prompt: notYet('pass the variable with -e'),
  when: no('write it at the roles or tasks'),
};
