import { describe, expect, test } from 'vitest';
import type { Known } from '../../src/core/playbook.ts';
import { errorsOf, errorsOfTasks, type Files, load, nothing, play, role, taskOf } from './project.ts';

describe('names', () => {
  const cases: [string, string, string][] = [
    [
      'in a template',
      '- command: "x {{ greetin }}"\n',
      '"greetin" is not defined\n  tasks/site.yml:4:22\n      - command: "x {{ greetin }}"\n                       ^\n  did you mean "greeting"?',
    ],
    ['inside a helper', '- command: "{{quote nope}}"\n', '"nope" is not defined\n  tasks/site.yml:4:25'],
    ['in #if', '- command: "{{#if nope}}x{{/if}}"\n', '"nope" is not defined\n  tasks/site.yml:4:23'],
    [
      'on the dead side of a condition',
      '- command: x\n  when: zz && false\n',
      '"zz" is not defined\n  tasks/site.yml:5:13\n        when: zz && false\n              ^',
    ],
    ['in a name', '- name: "{{ nope }}"\n  command: x\n', '"nope" is not defined\n  tasks/site.yml:4:17'],
    ['of one host only', '- command: "{{ only_jack4 }}"\n', '"only_jack4" is not defined for jack5'],
    [
      'in a variable that is used',
      '- command: "{{ a }}"\n  vars: { a: "{{ nope }}" }\n',
      '"nope" is not defined\n  tasks/site.yml:5:22',
    ],
    [
      'registered later',
      '- command: "{{ r.rc }}"\n- command: x\n  register: r\n',
      '"r" is not defined\n  tasks/site.yml:4:20\n      - command: "{{ r.rc }}"\n                     ^\n  a later task registers it: move that one up',
    ],
    ['of an item without a loop', '- command: "{{ item }}"\n', 'there is an item only in a task with "loop"'],
    ['in assert', '- assert: { that: nope == 1 }\n', '"nope" is not defined'],
    ['that JavaScript would find', '- command: "{{ constructor }}"\n', '"constructor" is not defined'],
  ];
  test.each(cases)('that cannot exist are refused: %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });

  test.each([
    ['of the inventory', '- command: "{{ greeting }} {{ address }}"\n'],
    [
      'that heal sets',
      '- command: "{{ inventory_hostname }} {{ facts.os.id }} {{json group_names}} {{json groups}}"\n  when: has(hostvars.jack4) && !heal_check_mode && !role_changed && !heal_deep\n',
    ],
    ['of an earlier result', '- command: x\n  register: r\n- command: "{{ r.rc }}"\n'],
    ['of its own result', '- command: x\n  register: r\n  until: r.rc == 0\n  failed_when: r.rc > 1\n'],
    ['of set_fact', '- set_fact: { colour: red }\n- command: "{{ colour }}"\n'],
    [
      'of loops',
      '- command: "{{ item }}"\n  loop: [1]\n- command: "{{ bot.name }}"\n  loop: "{{ bots }}"\n  loop_control: { loop_var: bot }\n  vars: { bots: [] }\n',
    ],
    ['that default may miss', '- command: "{{default nope 1}}"\n'],
    ['of variables that nobody uses', '- command: x\n  vars: { a: "{{ nope }}" }\n'],
  ])('that can exist are fine: %s', async (_, tasks) => {
    expect(await errorsOfTasks(tasks)).toBe('no error');
  });

  test('of a result reach later plays, handlers and checks', async () => {
    const files = {
      'tasks/site.yml':
        '- hosts: vps\n  tasks:\n    - { command: x, register: r }\n  handlers:\n    - { name: h, command: "{{ r.rc }}" }\n- hosts: vps\n  tasks: [{ command: "{{ r.rc }}" }]\n',
    };
    expect(await errorsOf(() => load(files))).toBe('no error');
  });

  test('in role files are reported with their location in the file', async () => {
    const files = {
      'tasks/site.yml': '- hosts: vps\n  roles: [web]\n',
      ...role('web', { 'tasks/main.yml': '- command: "{{ prt }}"\n', 'defaults/main.yml': 'port: 1\n' }),
    };
    expect(await errorsOf(() => load(files))).toBe(
      '"prt" is not defined\n  roles/web/tasks/main.yml:1:16\n  - command: "{{ prt }}"\n                 ^\n  did you mean "port"?',
    );
  });
});

describe('variables', () => {
  const value = async (files: Files, name: string, extraVars: readonly string[] = []): Promise<unknown> => {
    const { playbook, inventory } = await load(files, { extraVars });
    const host = inventory.hosts.get('jack4');
    const [first] = playbook.plays;
    if (host === undefined || first === undefined) throw new Error('no host');
    const outcome = first.variables(host, first.tasks[0], nothing).lookup(name);
    return outcome?.kind === 'value' ? outcome.value : outcome;
  };
  // Each level sets x; the strongest of those that are there must win.
  const levels: [string, (files: Record<string, string>) => void][] = [
    ['role default', (files) => (files['roles/web/defaults/main.yml'] = 'x: role default\n')],
    ['all', (files) => (files['inventory/group_vars/all.yml'] = 'x: all\n')],
    ['group', (files) => (files['inventory/group_vars/vps.yml'] = 'x: group\n')],
    ['host', (files) => (files['inventory/host_vars/jack4.yml'] = 'x: host\n')],
    ['play', (files) => (files['tasks/site.yml'] = site('  vars: { x: play }\n', '[web]'))],
    ['role', (files) => (files['roles/web/vars/main.yml'] = 'x: role\n')],
    [
      'params',
      (files) => (files['tasks/site.yml'] = site('  vars: { x: play }\n', '[{ role: web, vars: { x: params } }]')),
    ],
    ['task', (files) => (files['roles/web/tasks/main.yml'] = '- command: x\n  vars: { x: task }\n')],
  ];
  const site = (vars: string, roles: string): string => `- hosts: vps\n${vars}  roles: ${roles}\n`;
  test('of a higher precedence win', async () => {
    const files: Record<string, string> = {
      'tasks/site.yml': site('', '[web]'),
      'roles/web/tasks/main.yml': '- command: x\n',
    };
    for (const [name, add] of levels) {
      add(files);
      expect(await value(files, 'x')).toBe(name);
    }
    expect(await value(files, 'x', ['x=extra'])).toBe('extra');
  });

  test.each<[string, readonly string[], unknown]>([
    ['texts', ['x=5'], '5'],
    ['quoted texts', ['a=b x="p q"'], 'p q'],
    ['JSON', ['{"x": [1, true]}'], [1, true]],
    ['a file', ['@more.yml'], { y: 1 }],
    ['the last one', ['x=1', '{x: 2}'], 2],
    ['no template from the command line', ['x="{{ greeting }}"'], '{{ greeting }}'],
  ])('of the command line may be %s', async (_, extraVars, expected) => {
    expect(await value({ ...play('- command: x\n'), 'more.yml': 'x: { y: 1 }\n' }, 'x', extraVars)).toEqual(expected);
  });

  test('that are not assignments are refused', async () => {
    expect(await errorsOf(() => load(play('- command: x\n'), { extraVars: ['nonsense'] }))).toBe(
      '-e nonsense gives no variable\n  -e:1:1\n  nonsense\n  ^\n  write -e name=value, -e @file.yml or -e \'{"name": 1}\'',
    );
  });

  test('with a circular reference are refused, and the whole chain is shown', async () => {
    const files = {
      ...play('- command: x\n'),
      'inventory/group_vars/vps.yml': 'a: "{{ b }}"\nb: "{{ c }}"\nc: "{{ a }}"\n',
    };
    expect(await errorsOf(() => value(files, 'b'))).toContain(
      'variable "b" refers to itself: b (inventory/group_vars/vps.yml:2) -> c (inventory/group_vars/vps.yml:3) -> a (inventory/group_vars/vps.yml:1) -> b (inventory/group_vars/vps.yml:2)',
    );
  });

  test('of other hosts are in hostvars', async () => {
    const files = {
      ...play('- command: x\n'),
      'inventory/group_vars/vps.yml':
        'me: "{{ inventory_hostname }}"\nother: "{{ hostvars.jack5.me }} {{ hostvars.jack5.address }}"\n',
    };
    expect(await value(files, 'other')).toBe('jack5 203.0.113.5');
    expect(await value(files, 'groups')).toEqual({
      all: ['jack4', 'jack5', 'john1'],
      vps: ['jack4', 'jack5'],
      bots: ['john1'],
    });
    expect(await value(files, 'group_names')).toEqual(['vps']);
  });

  test('that are missing secrets are reported with their location when they are used', async () => {
    const files = {
      ...play('- command: x\n'),
      'inventory/group_vars/vps.yml': 'token: !secret-env NOPE\nfile: !secret-file ~/.nope\n',
    };
    expect(await errorsOf(() => value(files, 'token'))).toBe(
      'the environment variable NOPE is not set\n  inventory/group_vars/vps.yml:1:20\n  token: !secret-env NOPE\n                     ^\n  set NOPE before you run heal, or change the value in inventory/group_vars/vps.yml',
    );
    expect(await errorsOf(() => value(files, 'file'))).toContain('there is no file /home/me/.nope');
  });

  test('are pending while a value that they need is pending', async () => {
    const { playbook, inventory } = await load(
      play('- command: x\n  register: r\n- command: "{{ a }}"\n  vars: { a: "{{ r.rc }}" }\n'),
    );
    const host = inventory.hosts.get('jack4');
    const [first] = playbook.plays;
    if (host === undefined || first === undefined) throw new Error('no host');
    const task = taskOf(playbook, 1);
    const pending: Known = { values: { r: { kind: 'pending', names: ['r'] } } };
    expect(task.args.evaluate(first.variables(host, task, pending))).toEqual({ kind: 'pending', names: ['r'] });
    const known: Known = { values: { r: { kind: 'value', value: { rc: 0 } } } };
    expect(task.args.evaluate(first.variables(host, task, known))).toEqual({ kind: 'value', value: { cmd: 0 } });
  });
});
