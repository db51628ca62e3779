import { describe, expect, test } from 'vitest';
import { argsOf, errorsOf, errorsOfTasks, type Files, load, play, shape, tasksOf, value } from './project.ts';

describe('files of tasks', () => {
  test.each(['import_tasks', 'include_tasks', 'ansible.builtin.import_tasks'])('are read with %s', async (keyword) => {
    const tasks = await tasksOf({
      ...play(`- name: before
  command: x
- ${keyword}: more/one.yml
  when: greeting == "hello"
  tags: t
  become: true
  vars: { x: 1 }
- ${keyword}: { file: more/one.yml }
`),
      'tasks/more/one.yml': '- name: "{{default x 0}}"\n  command: x\n- import_tasks: two.yml\n',
      'tasks/more/two.yml': '- name: two\n  command: x\n',
    });
    expect(tasks.map((task) => task.id)).toEqual([
      'tasks/site.yml#1/tasks#1',
      'tasks/more/one.yml#1',
      'tasks/more/two.yml#1',
      'tasks/more/one.yml@2#1',
      'tasks/more/two.yml@2#1',
    ]);
    expect(tasks[2]).toMatchObject({ become: true, tags: ['t'] });
    expect(tasks[2]?.when.map((one) => one.source)).toEqual(['greeting == "hello"']);
    expect(tasks[3]?.when).toEqual([]);
  });

  test('are looked for in the tasks of the role, and handlers have them too', async () => {
    const { playbook } = await load({
      'tasks/site.yml': '- hosts: vps\n  roles: [web]\n',
      'roles/web/defaults/main.yml': 'kind: one\n',
      'roles/web/tasks/main.yml': '- include_tasks: "parts/{{ kind }}.yml"\n',
      'roles/web/tasks/parts/one.yml': '- name: one\n  command: x\n  notify: again\n- import_tasks: parts/two.yml\n',
      'roles/web/tasks/parts/two.yml': '- name: two\n  command: x\n',
      'roles/web/handlers/main.yml': '- import_tasks: more.yml\n',
      'roles/web/handlers/more.yml': '- name: again\n  command: x\n',
    });
    expect(shape(playbook.plays[0]?.tasks ?? [])).toEqual(['one', 'two']);
    expect(playbook.plays[0]?.tasks[1]?.role?.name).toBe('web');
    expect(playbook.plays[0]?.handlers.map((task) => task.id)).toEqual(['roles/web/handlers/more.yml#1']);
  });

  test('keep the block that they are imported in', async () => {
    const tasks = await tasksOf({
      ...play('- block: [{ import_tasks: one.yml }]\n  rescue: [{ import_tasks: one.yml }]\n'),
      'tasks/one.yml': '- name: one\n  command: x\n',
    });
    expect(tasks.map((task) => task.blocks?.map((one) => one.part))).toEqual([['block'], ['rescue']]);
    expect(tasks[0]?.blocks?.[0]?.block).toBe(tasks[1]?.blocks?.[0]?.block);
  });

  test('get the keywords of "apply"', async () => {
    const tasks = await tasksOf({
      ...play('- include_tasks: { file: one.yml, apply: { tags: t, become: true } }\n'),
      'tasks/one.yml': '- command: x\n',
    });
    expect(tasks[0]).toMatchObject({ tags: ['t'], become: true });
  });

  test.each<[string, string, string, Files?]>([
    [
      'one that is not there',
      '- import_tasks: nope.yml\n',
      'there is no file of tasks "nope.yml"\n  tasks/site.yml:4:21\n      - import_tasks: nope.yml\n                      ^\n  it is looked for as tasks/nope.yml',
    ],
    [
      'one that imports itself',
      '- import_tasks: one.yml\n',
      'tasks/one.yml imports itself: tasks/site.yml -> tasks/one.yml -> tasks/one.yml',
      { 'tasks/one.yml': '- import_tasks: one.yml\n' },
    ],
    [
      'the loop of an import',
      '- import_tasks: one.yml\n  loop: [1]\n',
      '"loop" is not supported\n  tasks/site.yml:5:7\n        loop: [1]\n        ^\n  use include_tasks or include_role: an import has no loop',
      { 'tasks/one.yml': '' },
    ],
    [
      'a loop over what only the host knows',
      '- include_tasks: one.yml\n  loop: "{{ facts.os.id }}"\n',
      '"loop" needs "facts", which only a run can know: that is not supported yet\n  tasks/site.yml:5:17',
      { 'tasks/one.yml': '' },
    ],
    [
      'loop_control that has no effect',
      '- include_tasks: one.yml\n  loop: [1]\n  loop_control: { pause: 1 }\n',
      '"pause" is not supported at an include\n  tasks/site.yml:6:23',
      { 'tasks/one.yml': '' },
    ],
    [
      'a loop that is not a list',
      '- include_tasks: one.yml\n  loop: "{{ n }}"\n  vars: { n: 1 }\n',
      '"loop" must be a list\n  tasks/site.yml:5:13',
      { 'tasks/one.yml': '' },
    ],
    [
      'a name that only the host knows',
      '- include_tasks: "{{ facts.os.id }}.yml"\n',
      '"include_tasks" needs "facts", which only a run can know: that is not supported yet\n  tasks/site.yml:4:26',
    ],
    [
      'a name that an earlier result gives',
      '- command: x\n  register: r\n- include_tasks: "{{ r.stdout }}.yml"\n',
      '"include_tasks" needs "r", which only a run can know',
    ],
    [
      'an import by a name that differs between hosts',
      '- import_tasks: "{{ inventory_hostname }}.yml"\n',
      '"import_tasks" differs between hosts (jack4.yml for jack4 and jack5.yml for jack5): that is not supported yet',
    ],
    [
      'a name for which one host has no file',
      '- include_tasks: "{{ inventory_hostname }}.yml"\n',
      'there is no file of tasks "jack5.yml"\n  tasks/site.yml:4:22',
      { 'tasks/jack4.yml': '' },
    ],
    ['a register', '- import_tasks: one.yml\n  register: r\n', '"register" is not supported', { 'tasks/one.yml': '' }],
    ['nothing', '- import_tasks:\n', '"import_tasks" must be a string'],
    [
      'a play',
      '- import_tasks: one.yml\n',
      'there is no module or keyword "hosts"',
      { 'tasks/one.yml': '- hosts: x\n' },
    ],
    ['a playbook', '- import_playbook: one.yml\n', '"import_playbook" is not supported\n'],
  ])('are refused: %s', async (_, tasks, error, files = {}) => {
    expect(await errorsOfTasks(tasks, files)).toContain(error);
  });
});

describe('a role among tasks', () => {
  const web: Files = {
    'roles/web/tasks/main.yml': '- name: web\n  command: "{{ port }} {{ inner }}"\n  notify: again\n',
    'roles/web/tasks/extra.yml': '- name: extra\n  command: x\n',
    'roles/web/handlers/main.yml': '- name: again\n  command: x\n',
    'roles/web/defaults/main.yml': 'port: 80\ninner: default\n',
    'roles/web/verify/main.yml': '- command: ask\n',
    'roles/web/meta/main.yml': 'dependencies: [base]\n',
    'roles/base/tasks/main.yml': '- name: base\n  command: x\n',
  };

  test('runs at its position, after its dependencies, with its handlers and checks', async () => {
    const { playbook } = await load({
      ...play(`- name: before
  command: x
- name: inside
  block:
    - import_role: { name: web }
      vars: { port: 81 }
      when: greeting == "hello"
  vars: { inner: of the block }
- name: after
  command: x
`),
      ...web,
    });
    const [first] = playbook.plays;
    expect(shape(first?.tasks ?? [])).toEqual(['before', 'inside/block base', 'inside/block web', 'after']);
    expect(first?.tasks[2]?.when.map((one) => one.source)).toEqual(['greeting == "hello"']);
    expect(await argsOf(playbook, 2)).toEqual({ cmd: '81 of the block' });
    expect(first?.handlers.map((task) => [task.id, task.blocks])).toEqual([
      ['roles/web/handlers/main.yml#1', undefined],
    ]);
    expect(first?.verify).toHaveLength(1);
    expect(first?.verify[0]?.blocks).toBeUndefined();
    expect(first?.roles.map((role) => role.name)).toEqual(['base', 'web']);
  });

  test('runs a common dependency of several roles once, and all of them see its variables and results', async () => {
    const mail = {
      'roles/mail/meta/main.yml': 'dependencies: [base]\n',
      'roles/mail/tasks/main.yml': `- command: "{{ base_directory }} {{ found.stdout }} {{ join play_role_names ',' }}"\n`,
    };
    const { playbook } = await load({
      'tasks/site.yml': '- hosts: vps\n  roles: [web, mail]\n',
      ...web,
      ...mail,
      'roles/base/defaults/main.yml': 'base_directory: /srv\n',
      'roles/base/tasks/main.yml': '- name: base\n  command: x\n  register: found\n',
    });
    expect(playbook.plays[0]?.tasks.map((task) => task.id)).toEqual([
      'roles/base/tasks/main.yml#1',
      'roles/web/tasks/main.yml#1',
      'roles/mail/tasks/main.yml#1',
    ]);
    expect(await argsOf(playbook, 2, { found: value({ stdout: 'it' }) })).toEqual({
      cmd: '/srv it base,web,mail',
    });
  });

  test('may be a part of a role, and then the whole role is not checked', async () => {
    const { playbook } = await load({ ...play('- include_role: { name: web, tasks_from: extra.yml }\n'), ...web });
    expect(shape(playbook.plays[0]?.tasks ?? [])).toEqual(['base', 'extra']);
    expect(playbook.plays[0]?.verify).toEqual([]);
  });

  test.each([
    ['import_role: { name: web }', 'no error'],
    ['include_role: { name: web }', '"port" is not defined'],
    ['include_role: { name: web, public: true }', 'no error'],
  ])('shows its variables to the play or not: %s', async (task, expected) => {
    expect(await errorsOfTasks(`- ${task}\n- command: "{{ port }}"\n`, web)).toContain(expected);
  });

  test('runs each time that it is named', async () => {
    const tasks = await tasksOf({
      'tasks/site.yml': '- hosts: vps\n  roles: [web]\n  tasks: [{ import_role: { name: web } }]\n',
      ...web,
    });
    expect(tasks.map((task) => task.id)).toEqual([
      'roles/base/tasks/main.yml#1',
      'roles/web/tasks/main.yml#1',
      'roles/web/tasks/main.yml@2#1',
    ]);
  });

  test.each<[string, string, string, Files?]>([
    ['one that is not there', '- import_role: { name: wbe }\n', 'there is no role "wbe"'],
    ['none', '- import_role: {}\n', '"import_role" names no role'],
    ['a string', '- import_role: web\n', '"import_role" must be a mapping'],
    [
      'a file that is not there',
      '- include_role: { name: web, tasks_from: nope }\n',
      'role "web" has no tasks/nope.yml',
    ],
    ['the loop of an import', '- import_role: { name: web }\n  loop: [1]\n', '"loop" is not supported'],
    [
      'a circle',
      '- import_role: { name: web }\n',
      'role "web" depends on itself: web -> web',
      { 'roles/web/tasks/main.yml': '- import_role: { name: web }\n' },
    ],
  ])('is refused: %s', async (_, tasks, error, files = {}) => {
    expect(await errorsOfTasks(tasks, { ...web, ...files })).toContain(error);
  });

  test('is refused among handlers', async () => {
    const files = { 'tasks/site.yml': '- hosts: vps\n  handlers: [{ import_role: { name: web } }]\n', ...web };
    expect(await errorsOf(() => load(files))).toContain('"import_role" is not allowed among handlers');
  });
});
