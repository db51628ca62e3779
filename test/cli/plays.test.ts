import { expect, test } from 'vitest';
import { type TracedPlay, testPlays } from './plays.ts';

const plays: Readonly<Record<string, TracedPlay>> = {
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
          # These replace all of the block's, so this file has the usual mode.
          module_defaults: { copy: { content: task } }
      module_defaults: { copy: { mode: "0600" } }
    - copy: "{{ item }}"
      loop: [{ dest: TRACE.6, mode: "0604" }]
    - shell: cd "$(dirname TRACE)"; stat -c "%a %n" trace.[1-6] >>TRACE; cat TRACE.1 TRACE.4 TRACE.6 >>TRACE
`,
    files: { 'roles/r/tasks/main.yml': '- file: { dest: TRACE.5, state: directory }\n' },
    trace: ['640 trace.1', '600 trace.2', '611 trace.3', '644 trace.4', '750 trace.5', '604 trace.6', 'playtaskplay'],
  },
};

testPlays('a playbook', plays, (runs) => {
  test('a fact of an earlier play is known in a plan, and a result of a change is not', async () => {
    const { code, stdout } = await runs.run(
      `
- hosts: a
  tasks:
    - set_fact: { mine: known }
    - shell: echo result
      register: r
- hosts: a
  tasks:
    - { name: By the fact, shell: echo no, when: mine != "known" }
    - { name: By the result, shell: echo perhaps, when: r.stdout == "x" }
`,
      ['plan', 'play', '-v'],
    );
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^a \| skipped +\| By the fact/m);
    expect(stdout).toMatch(/^a \| unknown +\| By the result/m);
  });
});
