import { describe, expect, test } from 'vitest';
import { errorsOf, errorsOfTasks, type Files, load, shape, tasksOf } from './project.ts';

describe('a block', () => {
  const nested = `- name: before
  command: x
- name: outer
  when: greeting == "hello"
  become: true
  become_user: bob
  tags: [a]
  ignore_errors: true
  no_log: true
  timeout: 1m
  environment: { A: "1", B: "1" }
  vars: { x: 1, y: 1 }
  notify: again
  block:
    - name: one
      command: x
      when: x == 1
      tags: b
      become: false
      environment: { B: "2" }
      vars: { y: 2 }
      notify: [more]
    - name: inner
      when: y == 1
      block: [{ name: two, command: x }]
      always: [{ name: three, command: x, ignore_errors: false }]
  rescue: [{ name: four, command: x }]
  always: [{ name: five, command: x }]
`;
  const files: Files = {
    'tasks/site.yml': `- hosts: vps
  tasks:
${nested.replace(/^(?=.)/gm, '    ')}
  handlers: [{ name: again, command: x }, { name: more, command: x }]
`,
  };

  test('consists of its tasks in the order of the file, each with its location', async () => {
    const tasks = await tasksOf(files);
    expect(shape(tasks)).toEqual([
      'before',
      'outer/block one',
      'outer/block inner/block two',
      'outer/block inner/always three',
      'outer/rescue four',
      'outer/always five',
    ]);
    expect(tasks.map((task) => task.id)).toEqual([
      'tasks/site.yml#1/tasks#1',
      'tasks/site.yml#1/tasks#2/block#1',
      'tasks/site.yml#1/tasks#2/block#2/block#1',
      'tasks/site.yml#1/tasks#2/block#2/always#1',
      'tasks/site.yml#1/tasks#2/rescue#1',
      'tasks/site.yml#1/tasks#2/always#1',
    ]);
    const outer = new Set(tasks.flatMap((task) => task.blocks?.[0]?.block ?? []));
    expect([...outer]).toEqual([
      { id: 'tasks/site.yml#1/tasks#2', name: 'outer', at: expect.objectContaining({ line: 5 }) },
    ]);
    expect(tasks[0]?.blocks).toBeUndefined();
  });

  test('passes its keywords on: a nearer one wins; conditions, tags and handlers are combined', async () => {
    const { playbook } = await load(files);
    const [, one, , three] = playbook.plays[0]?.tasks ?? [];
    expect(one?.when.map((each) => each.source)).toEqual(['greeting == "hello"', 'x == 1']);
    expect(three?.when.map((each) => each.source)).toEqual(['greeting == "hello"', 'y == 1']);
    expect(one).toMatchObject({ become: false, tags: ['a', 'b'], ignoreErrors: true, noLog: true, timeout: 60 });
    expect(three).toMatchObject({ become: true, tags: ['a'], ignoreErrors: false });
    expect(one?.becomeUser?.source).toBe('bob');
    expect(one?.notify.map((each) => each.source)).toEqual(['again', 'more']);
    expect(Object.keys(one?.vars ?? {})).toEqual(['x', 'y']);
    const host = { name: 'jack4', at: { file: 'x', line: 1, column: 1 }, groups: [], vars: {} };
    const variables = playbook.plays[0]?.variables(host, one, { values: {} });
    expect(variables?.lookup('y')).toEqual({ kind: 'value', value: 2 });
    expect(variables && one?.environment?.evaluate(variables)).toEqual({ kind: 'value', value: { A: '1', B: '2' } });
  });

  test('can be used in roles, in their checks and in drills', async () => {
    const tasks = '- block: [{ name: x, command: x }]\n  always: [{ name: y, command: y }]\n';
    const { playbook } = await load({
      'tasks/site.yml': '- hosts: vps\n  roles: [web]\n  pre_tasks: [{ block: [{ name: pre, command: x }] }]\n',
      'roles/web/tasks/main.yml': tasks,
      'roles/web/verify/main.yml': tasks,
      'roles/web/drills/main.yml':
        '- name: d\n  break: [{ block: [{ name: b, command: x }] }]\n  heals: [{ command: x }]\n',
    });
    const [first] = playbook.plays;
    expect(shape(first?.tasks ?? [])).toEqual([
      'tasks/site.yml#1/pre_tasks#1/block pre',
      'roles/web/tasks/main.yml#1/block x',
      'roles/web/tasks/main.yml#1/always y',
    ]);
    expect(first?.verify).toHaveLength(2);
    expect(first?.drills[0]?.break.map((task) => task.blocks?.[0]?.part)).toEqual(['block']);
  });

  test.each<[string, string, string]>([
    ['rescue alone', '- rescue: [{ command: x }]\n', '"rescue" has no "block"\n  tasks/site.yml:4:7'],
    ['a loop', '- block: [{ command: x }]\n  loop: [1]\n', '"loop" is not supported\n  tasks/site.yml:5:7'],
    ['a register', '- block: [{ command: x }]\n  register: r\n', '"register" is not supported'],
    ['a misspelt part', '- block: [{ command: x }]\n  rescu: []\n', 'a block has no key "rescu"'],
    ['a module', '- block: [{ command: x }]\n  command: x\n', 'a block has no key "command"'],
    ['a wrong task in it', '- block:\n    - comand: x\n', 'tasks/site.yml:5:11'],
    ['no list', '- block: { command: x }\n', '"block" must be a list'],
    ['an unknown name in its condition', '- block: [{ command: x }]\n  when: zz && false\n', '"zz" is not defined'],
  ])('with %s is refused', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });

  test('is refused among handlers', async () => {
    const files = { 'tasks/site.yml': '- hosts: vps\n  handlers:\n    - name: h\n      block: [{ command: x }]\n' };
    expect(await errorsOf(() => load(files))).toContain('"block" is not allowed among handlers\n  tasks/site.yml:4:7');
  });

  test('makes results registered in it visible to later tasks', async () => {
    const tasks =
      '- block: [{ command: x, register: r }]\n  rescue: [{ command: "{{ r.rc }}" }]\n- command: "{{ r.rc }}"\n';
    expect(await errorsOfTasks(tasks)).toBe('no error');
  });
});
