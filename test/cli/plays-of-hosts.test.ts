import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { type TracedPlay, testPlays } from './plays.ts';

const plays: Readonly<Record<string, TracedPlay>> = {
  'any_errors_fatal: no host starts the task after the one that failed': {
    play: `
- hosts: all
  any_errors_fatal: true
  tasks:
    # The quick host has ended this task when the other one fails.
    - shell: '[ {{ inventory_hostname }} = a ] || { : >TRACE.ready; exit; }; until [ -e TRACE.ready ]; do sleep 0.05; done; false'
    - shell: echo never >>TRACE
`,
    trace: [],
    code: 2,
  },
  'include_tasks of a file for each host: a host has only its own tasks, variables, roles and handlers': {
    play: `
- hosts: all
  serial: 1
  tasks:
    - include_tasks: "{{ inventory_hostname }}.yml"
    - shell: echo all on {{ inventory_hostname }} >>TRACE
  handlers:
    - name: h
      shell: echo handled on {{ inventory_hostname }} >>TRACE
`,
    files: {
      'inventory/host_vars/a.yml': 'only_a: 1\n',
      'tasks/a.yml': '- shell: echo a {{ only_a }} >>TRACE\n- include_tasks: both.yml\n',
      'tasks/b.yml': '- include_role: { name: r }\n- include_tasks: both.yml\n',
      'tasks/both.yml': '- shell: echo both on {{ inventory_hostname }} >>TRACE\n  notify: h\n',
      'roles/r/tasks/main.yml': '- shell: echo role on {{ inventory_hostname }} >>TRACE\n',
      'roles/r/meta/main.yml': 'dependencies: [base]\n',
      'roles/base/tasks/main.yml': '- shell: echo base on {{ inventory_hostname }} >>TRACE\n',
    },
    trace: [
      'a 1',
      'both on a',
      'all on a',
      'handled on a',
      'base on b',
      'role on b',
      'both on b',
      'all on b',
      'handled on b',
    ],
    prints: /^a +: ok=4 .*skipped=0 .*\nb +: ok=5 .*skipped=0 /m,
  },
  'any_errors_fatal: a failure that is rescued does not end the play, with fewer forks than hosts': {
    play: `
- hosts: all
  any_errors_fatal: true
  tasks:
    - block:
        - shell: "false"
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
    # The second host is ready for the next task first.
    - shell: '[ {{ inventory_hostname }} = b ] && : >TRACE.ready; until [ -e TRACE.ready ]; do sleep 0.05; done'
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
    - shell: "false"
      when: inventory_hostname == "a"
    - shell: echo {{ inventory_hostname }} >>TRACE
      run_once: true
`,
    trace: ['b'],
    code: 2,
  },
  'hostvars has what tasks of another host have set: a host waits for it, with fewer forks than hosts, too': {
    play: `
- hosts: all
  tasks:
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
    - name: Needs b
      shell: echo "{{ hostvars.b.r.stdout }}" >>TRACE
`,
    trace: [],
    code: 2,
    prints: /^a \| failed +\| Needs b\n.*\n +hostvars\.b has no key "r"/m,
  },
  'hostvars in failed_when, changed_when and until: the host waits for the result before it decides': {
    play: `
- hosts: all
  tasks:
    - shell: echo of {{ inventory_hostname }}
      register: r
    - name: Failed
      shell: "true"
      when: inventory_hostname == "a"
      failed_when: hostvars.b.r.stdout == "of b"
      ignore_errors: true
      register: failed
    - name: Unchanged
      shell: "true"
      changed_when: hostvars.b.r.stdout != "of b"
      register: unchanged
    - name: At once
      shell: "true"
      until: hostvars.b.r.stdout == "of b"
      retries: 1
      delay: 0
    - shell: echo {{ failed.failed }} {{ unchanged.changed }} >>TRACE
      when: inventory_hostname == "a"
`,
    // The second host begins when the first one waits.
    args: ['--forks', '1'],
    trace: ['true false'],
  },
};

testPlays('a playbook for several hosts', plays, (runs) => {
  test('a result that a plan cannot know is not waited for: each host goes on at its own pace', async () => {
    // The second host cannot finish its first task before the first host has finished its plan.
    const gate = runs.path('gate');
    let seen = '';
    const started = runs.start(
      `
- hosts: all
  tasks:
    - command: { cmd: "sh -c 'until [ -e ${gate} ]; do sleep 0.05; done'", readonly: true }
      when: inventory_hostname == "b"
    - shell: echo x
      register: r
    - name: Unknown
      shell: echo {{ r.stdout }}
    - name: Loop
      shell: echo {{ item }}
      loop: "{{ r.stdout_lines }}"
`,
      ['plan', 'play', '-v'],
      (text) => {
        seen += text;
        if (/^a \| unknown +\| Loop/m.test(seen)) writeFileSync(gate, '');
      },
    );
    const { code, stdout } = await started.done;
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^b \| unknown +\| Loop/m);
  });
});
