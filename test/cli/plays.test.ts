import { existsSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Workplace, workplace } from '../faults/project.ts';
import { noSshd, type Sshd, startSshd } from '../ssh/sshd.ts';

/** A playbook, and what its tasks append to the file `TRACE` if ansible-playbook runs it. */
interface Case {
  readonly play: string;
  /** More files of the project. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly trace: readonly string[];
  /** Default: 0. */
  readonly code?: number;
}

const cases: Readonly<Record<string, Case>> = {
  'index_var is the number of the item': {
    play: `
- hosts: a
  tasks:
    - shell: echo "{{ i }} {{ item }}" >>TRACE
      loop: [x, y]
      loop_control: { index_var: i }
`,
    trace: ['0 x', '1 y'],
  },
  'each result of a loop has its item': {
    play: `
- hosts: a
  tasks:
    - shell: echo out-{{ bot }}
      loop: [x, y]
      loop_control: { loop_var: bot, index_var: n }
      register: r
    - shell: echo "{{ item.n }} {{ item.bot }} {{ item.stdout }} {{ item.ansible_loop_var }}" >>TRACE
      loop: "{{ r.results }}"
`,
    trace: ['0 x out-x bot', '1 y out-y bot'],
  },
  'handlers run after pre_tasks, after roles and tasks, and after post_tasks': {
    play: `
- hosts: a
  pre_tasks:
    - shell: echo pre >>TRACE
      notify: h
    - shell: echo pre2 >>TRACE
  roles: [r]
  tasks:
    - shell: echo task >>TRACE
      notify: h
  post_tasks:
    - shell: echo post >>TRACE
  handlers:
    - name: h
      shell: echo handled >>TRACE
`,
    files: { 'roles/r/tasks/main.yml': '- shell: echo role >>TRACE\n  notify: h\n' },
    trace: ['pre', 'pre2', 'handled', 'role', 'task', 'handled', 'post'],
  },
  'a pre_task that is left out by its tag has no effect on the handlers after it': {
    play: `
- hosts: a
  pre_tasks:
    - shell: echo pre >>TRACE
      notify: h
    - shell: echo no >>TRACE
      tags: never
  tasks:
    - block:
        - shell: "false"
      rescue:
        - shell: echo rescued >>TRACE
  handlers:
    - name: h
      shell: echo handled >>TRACE
`,
    trace: ['pre', 'handled', 'rescued'],
  },
  'a file that a pre_task writes is read by its handler before the tasks write it again': {
    play: `
- hosts: a
  pre_tasks:
    - copy: { content: "one\\n", dest: TRACE.file }
      notify: h
  tasks:
    - copy: { content: "two\\n", dest: TRACE.file }
      notify: h
  handlers:
    - name: h
      shell: cat TRACE.file >>TRACE
`,
    trace: ['one', 'two'],
  },
  "Ansible's other names of arguments have the same effect": {
    play: `
- hosts: a
  tasks:
    - shell: printf 'a=1\\ny\\nz\\n' >TRACE.real
    - file: { src: TRACE.real, dest: TRACE.link, state: link }
    - lineinfile: { dest: TRACE.link, regex: "^a=", line: "a=2" }
    - blockinfile: { name: TRACE.link, content: "b", marker: "# {mark}" }
    - replace: { destfile: TRACE.link, regexp: "^y$", replace: "yes" }
    - replace: "{{ item }}"
      loop: [{ dest: TRACE.link, regexp: "^z$", replace: "zero" }]
    - stat: { name: TRACE.link }
      register: s
    - shell: cat TRACE.real >>TRACE; echo {{ s.stat.islnk }} >>TRACE
`,
    trace: ['a=2', 'yes', 'zero', '# BEGIN', 'b', '# END', 'true'],
  },
  'any_errors_fatal: no host starts the task after the one that failed': {
    play: `
- hosts: all
  any_errors_fatal: true
  tasks:
    - shell: sleep 0.5; false
      when: inventory_hostname == "a"
    - shell: echo never >>TRACE
`,
    trace: [],
    code: 2,
  },
  'any_errors_fatal: a failure that is rescued does not end the play, with fewer forks than hosts': {
    play: `
- hosts: all
  any_errors_fatal: true
  tasks:
    - block:
        - shell: sleep 0.3; false
          when: inventory_hostname == "a"
        - shell: echo other >>TRACE
      rescue:
        - shell: echo rescued >>TRACE
    - shell: echo all >>TRACE
`,
    args: ['--forks', '1'],
    trace: ['other', 'rescued', 'all', 'all'],
  },
  'run_once: the first host runs the task, also if others reach it earlier': {
    play: `
- hosts: all
  tasks:
    - shell: sleep 0.5
      when: inventory_hostname == "a"
    - shell: echo {{ inventory_hostname }}
      run_once: true
      register: r
    - shell: echo once on {{ r.stdout }} >>TRACE
`,
    trace: ['once on a', 'once on a'],
  },
  'run_once: the next host runs the task if the first one has failed': {
    play: `
- hosts: all
  tasks:
    - shell: sleep 0.3; false
      when: inventory_hostname == "a"
    - shell: echo {{ inventory_hostname }} >>TRACE
      run_once: true
`,
    trace: ['b'],
    code: 2,
  },
  'results and facts that tasks have set are known in later plays': {
    play: `
- hosts: a
  tasks:
    - set_fact: { mine: "of {{ inventory_hostname }}" }
    - shell: echo result
      register: r
    - shell: echo item {{ item }}
      loop: [x]
      register: looped
- hosts: a
  tasks:
    - shell: echo "{{ mine }}, {{ r.stdout }}, {{ looped.results.[0].stdout }}" >>TRACE
      when: r.stdout == "result"
`,
    trace: ['of a, result, item x'],
  },
  'a fact of an earlier play is known in a plan only if its task is': {
    play: `
- hosts: a
  tasks:
    - set_fact: { mine: known }
    - shell: echo result
      register: r
- hosts: a
  tasks:
    - shell: echo no >>TRACE
      when: mine != "known"
    - shell: echo perhaps >>TRACE
      when: r.stdout == "x"
`,
    args: ['--check'],
    trace: [],
  },
  'hostvars has what tasks of another host have set: a host waits for it, with fewer forks than hosts, too': {
    play: `
- hosts: all
  tasks:
    - shell: sleep 0.5
      when: inventory_hostname == "b"
    - shell: echo of {{ inventory_hostname }}
      register: r
    - set_fact: { mine: "fact of {{ inventory_hostname }}", list: [x] }
    - shell: echo "{{ hostvars.b.r.stdout }}, {{ hostvars.b.mine }}, {{ item }}" >>TRACE
      loop: "{{ hostvars.b.list }}"
      when: inventory_hostname == "a"
- hosts: a
  tasks:
    - shell: echo "later {{ hostvars.b.mine }} {{ hostvars.b.facts.user }}" >>TRACE
`,
    args: ['--forks', '1'],
    trace: ['of b, fact of b, x', `later fact of b ${userInfo().username}`],
  },
  'hostvars of a host that has failed: the host that needs it fails, and does not wait for ever': {
    play: `
- hosts: all
  tasks:
    - shell: "false"
      when: inventory_hostname == "b"
    - shell: echo of {{ inventory_hostname }}
      register: r
    - shell: echo "{{ hostvars.b.r.stdout }}" >>TRACE
`,
    trace: [],
    code: 2,
  },
  'include_tasks and include_role in a loop, whose items choose the file, the conditions and the variables': {
    play: `
- hosts: a
  vars: { bots: [{ name: jack, port: 1 }, { name: john, port: 2 }, { name: ross, port: 3 }] }
  tasks:
    - include_tasks: "{{ bot.name }}.yml"
      loop: "{{ bots }}"
      loop_control: { loop_var: bot, index_var: n }
      when: bot.name != "ross"
      vars: { says: "{{ n }} {{ bot.port }}" }
    - include_role: { name: r }
      with_items: [[x], [y]]
`,
    files: {
      'tasks/jack.yml': '- shell: echo "jack {{ says }}" >>TRACE\n',
      'tasks/john.yml': '- shell: echo "john {{ says }} {{ item }}" >>TRACE\n  loop: [i, j]\n',
      'tasks/ross.yml': '- shell: echo never >>TRACE\n',
      'roles/r/tasks/main.yml': '- shell: echo "role {{ item }}" >>TRACE\n',
    },
    trace: ['jack 0 1', 'john 1 2 i', 'john 1 2 j', 'role x', 'role y'],
  },
  'module_defaults of the play, replaced by those of a block and a task, below the arguments of the task': {
    play: `
- hosts: a
  module_defaults:
    ansible.builtin.copy: { mode: "0640", content: play }
    file: { mode: "0750" }
  roles: [r]
  tasks:
    - copy: { dest: TRACE.1 }
    - block:
        - copy: { dest: TRACE.2, content: own }
        - copy: { dest: TRACE.3, content: own, mode: "0611" }
        - copy: { dest: TRACE.4 }
          module_defaults: { copy: { content: task } }
      module_defaults: { copy: { mode: "0600" } }
    # Those of the task replace all of the block's, so this file has the usual mode.
    - shell: cd "$(dirname TRACE)"; stat -c "%a %n" trace.[1-5] >>TRACE; cat TRACE.1 TRACE.4 >>TRACE
`,
    files: { 'roles/r/tasks/main.yml': '- file: { dest: TRACE.5, state: directory }\n' },
    trace: ['640 trace.1', '600 trace.2', '611 trace.3', '644 trace.4', '750 trace.5', 'playtask'],
  },
};

// Each case is a process of its own, as a user starts it.
describe.skipIf(noSshd !== undefined)('a playbook does what it does with ansible-playbook', () => {
  let place: Workplace;
  let sshd: Sshd;
  beforeAll(async () => {
    place = workplace();
    sshd = await startSshd();
  });
  afterAll(() => {
    sshd?.stop();
    place?.remove();
  });

  const shown = (text: string): string => text.replaceAll('TRACE', join(sshd.directory, 'trace'));
  const projectOf = (play: string, files: Readonly<Record<string, string>> = {}): string => {
    const { user } = sshd.login();
    const login = { address: '127.0.0.1', port: sshd.port, user, identity_file: sshd.key };
    const host = { ...login, known_hosts_file: sshd.knownHosts };
    return place.project({
      'inventory/hosts.yml': stringify({ all: { hosts: { a: host, b: host } } }),
      'tasks/play.yml': shown(play),
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [name, shown(text)])),
    });
  };

  test.each(Object.entries(cases))('%s', async (_name, { play, files, args = [], trace, code: expected = 0 }) => {
    const traced = join(sshd.directory, 'trace');
    rmSync(traced, { force: true });
    const project = projectOf(play, files);
    const { code, stdout, stderr } = await place.heal(project, ['run', 'play', ...args]);
    expect(code, stdout + stderr).toBe(expected);
    expect(existsSync(traced) ? readFileSync(traced, 'utf8').trimEnd().split('\n') : []).toEqual(trace);
  });

  test('a result that a plan cannot know is not waited for: the hosts go on at their own pace', async () => {
    const project = projectOf(`
- hosts: all
  tasks:
    - command: { cmd: sleep 1, readonly: true }
      when: inventory_hostname == "b"
    - shell: echo x
      register: r
    - shell: echo {{ r.stdout }}
    - shell: echo {{ item }}
      loop: "{{ r.stdout_lines }}"
`);
    const { stdout } = await place.heal(project, ['plan', 'play', '-v']);
    const lines = stdout.split('\n').flatMap((line) => /^([ab]) +\| (unknown|to change)/.exec(line)?.[1] ?? []);
    expect(lines.join(''), stdout).toBe('aaabbb');
  });
});
