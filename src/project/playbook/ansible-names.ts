/**
 * Names that users of Ansible write and that heal names differently, or does not have. docs/from-ansible.md lists the same, and
 * a test compares the two.
 */
import type { ModuleSchema } from '../../core/playbook.ts';
import { own } from '../variables/value.ts';

/** A module of Ansible: heal's module for the same work, or the reason why it has none. */
export type Elsewhere = { readonly here: string } | { readonly status: 'not yet' | 'no'; readonly hint: string };

const notYet = (hint: string): Elsewhere => ({ status: 'not yet', hint });
const no = (hint: string): Elsewhere => ({ status: 'no', hint });

/** By Ansible's name; modules with the same name in heal are in its registry. */
export const ansibleModules: Readonly<Record<string, Elsewhere>> = {
  add_host: notYet('name the host in the inventory'),
  apt: { here: 'package' },
  apt_key: no('copy the key to /etc/apt/keyrings, and name it by signed-by'),
  apt_repository: notYet('template a file into /etc/apt/sources.list.d'),
  assemble: notYet('write one template with {{#each}}'),
  async_status: notYet('a task may take as long as its timeout'),
  blockinfile: { here: 'block' },
  deb822_repository: notYet('template a file into /etc/apt/sources.list.d'),
  debconf: notYet('use command with "unless"'),
  dnf: { here: 'package' },
  dnf5: { here: 'package' },
  dpkg_selections: notYet('use command with "unless"'),
  expect: no('a run cannot answer prompts: look for an option of the command'),
  find: notYet('use command with "readonly: true", and read its stdout_lines'),
  gather_facts: no('heal gathers facts at login: leave it out'),
  getent: notYet('use command with "readonly: true"'),
  git: notYet('use command with "creates" or "unless"'),
  group_by: notYet('use "when", or a group of the inventory'),
  hostname: notYet('use command with "unless"'),
  iptables: notYet('template the rules, and notify a handler that loads them'),
  known_hosts: notYet('template the file'),
  lineinfile: { here: 'line' },
  mount_facts: no('use command with "readonly: true"'),
  package_facts: notYet('use command with "readonly: true"'),
  ping: no('heal ping logs in to the hosts'),
  pip: notYet('use command with "creates"'),
  raw: no('write shell: a host needs no Python'),
  rpm_key: no('use command with "unless"'),
  service_facts: no('use the unit module'),
  set_stats: no('use register or set_fact'),
  setup: notYet('heal gathers facts at login'),
  slurp: notYet('use command with "readonly: true", as in: cat FILE'),
  subversion: no('use command with "creates"'),
  sysvinit: no('heal manages services with systemd'),
  tempfile: notYet('use command: mktemp'),
  validate_argument_spec: no("a role's arguments are checked before the run: leave it out"),
  wait_for_connection: no('reboot waits until the host is back'),
  yum: { here: 'package' },
  yum_repository: no('template a file into /etc/yum.repos.d'),
  // From other collections, but used in many playbooks.
  synchronize: { here: 'sync' },
  docker_container: { here: 'container' },
  docker_compose_v2: { here: 'compose' },
  docker_compose: { here: 'compose' },
};

/** heal's equivalent of Ansible's module; undefined for a name that Ansible does not have either. */
export function elsewhere(key: string, catalogue: ReadonlyMap<string, ModuleSchema>): Elsewhere | undefined {
  const name = key.replace(/^[a-z_0-9]+\.[a-z_0-9]+\./, '');
  if (name !== key && catalogue.has(name)) return { here: name };
  const found = own(ansibleModules, name);
  if (found === undefined || !('here' in found) || catalogue.has(found.here)) return found;
  return { status: 'not yet', hint: 'use command or template' };
}

/** Ansible's variables, and the expression with the same value in heal. */
export const ansibleVariables: Readonly<Record<string, string>> = {
  ansible_architecture: 'facts.arch',
  ansible_check_mode: 'heal_check_mode',
  ansible_distribution: 'facts.os.id',
  ansible_distribution_release: 'facts.os.codename',
  ansible_distribution_version: 'facts.os.version',
  ansible_facts: 'facts',
  ansible_hostname: 'facts.hostname',
  ansible_kernel: 'facts.kernel',
  ansible_memfree_mb: 'facts.memory.available_mb',
  ansible_memtotal_mb: 'facts.memory.total_mb',
  ansible_nodename: 'facts.hostname',
  ansible_os_family: 'facts.os.family',
  ansible_play_batch: 'play_hosts',
  ansible_play_hosts: 'play_hosts',
  ansible_play_name: 'play_name',
  ansible_play_role_names: 'play_role_names',
  ansible_processor_vcpus: 'facts.cpus',
  ansible_role_name: 'role_name',
  ansible_service_mgr: 'facts.init',
  ansible_user_dir: 'facts.home',
  ansible_user_id: 'facts.user',
};

/** Ansible's variables that heal does not have yet, with a workaround. */
export const lackingVariables: Readonly<Record<string, string>> = {
  ansible_date_time: 'facts.time has seconds since 1970',
  ansible_default_ipv4: 'write the address into the inventory',
  ansible_env: 'use a command with "readonly: true", and register it',
  inventory_dir: 'files are searched for next to the role, and in files/ and templates/ of the project',
  omit: 'write the task twice, each with its "when"',
  playbook_dir: 'files are searched for next to the role, and in files/ and templates/ of the project',
};

/** The hint for an undefined name that Ansible has. */
export function variableHint(name: string): string | undefined {
  const here = own(ansibleVariables, name);
  if (here !== undefined) return `it is ${here} here`;
  const lacking = own(lackingVariables, name);
  return lacking === undefined ? undefined : `heal does not have it yet: ${lacking}`;
}
