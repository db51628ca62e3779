import { describe, expect, test } from 'vitest';
import type { Known, Task, Value } from '../../src/core/playbook.ts';
import type { LoadedPlaybook } from '../../src/project/playbook/playbook.ts';
import { errorsOf, errorsOfTasks, type Files, load, play, taskOf } from './project.ts';

const tasksOf = async (files: Files, extraVars: readonly string[] = []): Promise<readonly Task[]> =>
  (await load(files, { extraVars })).playbook.plays[0]?.tasks ?? [];

/** `command` tasks by what they run, with the parts of blocks around them. */
const shape = (tasks: readonly Task[]): string[] =>
  tasks.map((task) => {
    const around = (task.blocks ?? []).map(({ block, part }) => `${block.name ?? block.id}/${part}`);
    return [...around, task.name.source].join(' ');
  });

async function argsOf(playbook: LoadedPlaybook, index: number, known: Known['values'] = {}): Promise<unknown> {
  const host = { name: 'jack4', at: { file: 'x', line: 1, column: 1 }, groups: ['all', 'vps'], vars: {} };
  const task = taskOf(playbook, index);
  const first = playbook.plays[0];
  const outcome = task.args.evaluate(
    first?.variables(host, task, { values: known }) ?? {
      lookup: () => undefined,
      names: () => [],
      with: () => never(),
    },
  );
  return outcome.kind === 'value' ? outcome.value : outcome;
}
const never = (): never => {
  throw new Error('never');
};
const value = (of: Value) => ({ kind: 'value' as const, value: of });

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

  test('is its tasks in the order of the file, each knowing where it stands', async () => {
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

  test('hands its keywords down: a nearer one wins, conditions, tags and handlers add up', async () => {
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

  test('may stand in roles, in their checks and in drills', async () => {
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

  test('lets later tasks see what is registered in it', async () => {
    const tasks =
      '- block: [{ command: x, register: r }]\n  rescue: [{ command: "{{ r.rc }}" }]\n- command: "{{ r.rc }}"\n';
    expect(await errorsOfTasks(tasks)).toBe('no error');
  });
});

describe('files of tasks', () => {
  test.each(['import_tasks', 'include_tasks', 'ansible.builtin.import_tasks'])('are read by %s', async (keyword) => {
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

  test('take what "apply" says', async () => {
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
      'a loop',
      '- include_tasks: one.yml\n  loop: [1]\n',
      '"loop" is not supported yet\n  tasks/site.yml:5:7\n        loop: [1]\n        ^\n  write it once for each item, with the item in "vars"',
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
      'a name that differs between hosts',
      '- include_tasks: "{{ inventory_hostname }}.yml"\n',
      '"include_tasks" differs between hosts (jack4.yml for jack4 and jack5.yml for jack5): that is not supported yet',
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

  test('runs where it stands, after what it depends on, with its handlers and checks', async () => {
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

  test('has what several roles depend on once, whose variables and results all of them see', async () => {
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

  test('may be a part of it, which is not checked as a whole', async () => {
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
    ['a loop', '- include_role: { name: web }\n  loop: [1]\n', '"loop" is not supported yet'],
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

describe('meta', () => {
  test.each(['flush_handlers', 'end_host', 'end_play', 'noop'])('can be %s, with a condition', async (action) => {
    const { playbook } = await load(play(`- meta: ${action}\n  when: greeting == "hello"\n`));
    expect(taskOf(playbook, 0).module).toBe('meta');
    expect(await argsOf(playbook, 0)).toEqual({ action });
    expect(taskOf(playbook, 0).when).toHaveLength(1);
  });
  test.each([
    ['one of later', '- meta: end_batch\n', '"meta: end_batch" is not supported yet\n  tasks/site.yml:4:13'],
    ['a misspelt one', '- meta: flush_handler\n', 'there is no "meta: flush_handler"\n  tasks/site.yml:4:13'],
    ['a register', '- meta: noop\n  register: r\n', '"register" has no meaning together with "meta"'],
    ['a template', '- meta: "{{ greeting }}"\n', 'there is no "meta: {{ greeting }}"'],
  ])('can not be %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });
});

describe('loops', () => {
  const itemsOf = async (loop: string, known: Known['values'] = {}): Promise<unknown> => {
    const { playbook } = await load(
      play(`- command: "{{json item}}"\n  ${loop}\n  vars: { some: [[1], 2], sizes: { a: 1 } }\n`),
    );
    const task = taskOf(playbook, 0);
    const host = { name: 'jack4', at: task.at, groups: [], vars: {} };
    const variables = playbook.plays[0]?.variables(host, task, { values: known });
    const outcome = variables && task.loop?.evaluate(variables);
    return outcome?.kind === 'value' ? outcome.value : outcome;
  };
  test.each<[string, unknown]>([
    ['loop: [a, [b]]', ['a', ['b']]],
    ['loop: "{{ some }}"', [[1], 2]],
    ['with_list: [a, [b]]', ['a', ['b']]],
    ['with_items: [a, [b, [c]]]', ['a', 'b', ['c']]],
    ['with_items: "{{ some }}"', [1, 2]],
    ['with_items: ["{{ some }}", 3]', [[1], 2, 3]],
    ['with_items: alone', ['alone']],
    ['with_dict: "{{ sizes }}"', [{ key: 'a', value: 1 }]],
    ['with_dict: { b: 2 }', [{ key: 'b', value: 2 }]],
  ])('%s', async (loop, items) => {
    expect(await itemsOf(loop)).toEqual(items);
  });

  test('are steered by loop_control', async () => {
    const { playbook } = await load(
      play(`- command: "{{ bot.name }} {{ n }}"
  loop: [{ name: john }]
  loop_control: { loop_var: bot, index_var: n, label: "{{ bot.name }}", pause: 500ms }
`),
    );
    const task = taskOf(playbook, 0);
    expect(task).toMatchObject({ loopVar: 'bot', loopControl: { indexVar: 'n', pause: 0.5 } });
    expect(task.loopControl?.label?.source).toBe('{{ bot.name }}');
    expect(await argsOf(playbook, 0, { bot: value({ name: 'john' }), n: value(0) })).toEqual({ cmd: 'john 0' });
  });

  test.each([
    ['two at once', '- command: x\n  loop: [1]\n  with_items: [1]\n', 'a task has one loop, but this has "loop" and'],
    ['one that heal lacks', '- command: x\n  with_fileglob: "*"\n', '"with_fileglob" is not supported\n'],
    ['a mapping', '- command: x\n  loop: { a: 1 }\n', '"loop" must be a list'],
    [
      'a label of nothing',
      '- command: x\n  loop: [1]\n  loop_control: { label: "{{ nope }}" }\n',
      '"nope" is not defined',
    ],
    ['a number without its name', '- command: "{{ n }}"\n  loop: [1]\n', '"n" is not defined'],
  ])('are refused: %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });
});

describe('keywords', () => {
  test('of tasks', async () => {
    const { playbook } = await load(
      play(`- command: x
  delegate_to: 127.0.0.1
  run_once: true
  ignore_unreachable: true
  diff: false
  become_method: sudo
  args: { creates: /x }
`),
    );
    expect(taskOf(playbook, 0)).toMatchObject({ runOnce: true, ignoreUnreachable: true, diff: false });
    expect(taskOf(playbook, 0).delegateTo?.source).toBe('localhost');
    expect(await argsOf(playbook, 0)).toEqual({ cmd: 'x', creates: '/x' });
    expect(taskOf(playbook, 0).argPlaces['creates']?.line).toBe(10);
  });

  test('of plays', async () => {
    const { playbook } = await load({
      'tasks/site.yml': `- hosts: vps
  any_errors_fatal: true
  max_fail_percentage: "{{ part }}%"
  force_handlers: true
  ignore_errors: true
  check_mode: true
  diff: true
  vars: { part: 30 }
  tasks: [{ command: x }, { command: x, ignore_errors: false }]
`,
    });
    expect(playbook.plays[0]).toMatchObject({ anyErrorsFatal: true, maxFailPercentage: 30, forceHandlers: true });
    expect(playbook.plays[0]?.tasks.map((task) => [task.ignoreErrors, task.checkMode, task.diff])).toEqual([
      [true, true, true],
      [false, true, true],
    ]);
  });

  test('of roles', async () => {
    const tasks = await tasksOf({
      'tasks/site.yml':
        '- hosts: vps\n  roles: [{ role: web, no_log: true, timeout: 5s, environment: { A: "1" }, delegate_to: localhost }]\n',
      'roles/web/tasks/main.yml': '- command: x\n',
    });
    expect(tasks[0]).toMatchObject({ noLog: true, timeout: 5 });
    expect(tasks[0]?.delegateTo?.source).toBe('localhost');
    expect(tasks[0]?.environment?.inputs).toEqual([]);
  });

  test('may be templates of what is known before the run', async () => {
    const { playbook } = await load(
      play(`- command: x
  ignore_errors: "{{ lax }}"
  become: "{{ greeting }}"
  no_log: "{{default hide false}}"
  retries: "{{ tries }}"
  delay: "{{ wait }}"
  timeout: "{{ wait }}"
  until: true
  vars: { lax: true, tries: 7, wait: 2m, greeting: false }
`),
      { extraVars: ['hide=true'] },
    );
    expect(taskOf(playbook, 0)).toMatchObject({
      ignoreErrors: true,
      become: false,
      noLog: true,
      retries: 7,
      delay: 120,
      timeout: 120,
    });
  });

  test.each([
    [
      'a fact',
      '- command: x\n  become: "{{ facts.uid }}"\n',
      '"become" needs "facts", which only a run can know: that is not supported yet\n  tasks/site.yml:5:19',
    ],
    ['a result', '- command: x\n  register: r\n  ignore_errors: "{{ r.rc }}"\n', '"ignore_errors" needs "r"'],
    [
      'what differs',
      '- command: x\n  retries: "{{ n }}"\n  vars: { n: "{{ inventory_hostname }}" }\n',
      '"retries" differs between hosts (jack4 for jack4 and jack5 for jack5)',
    ],
    ['a wrong value', '- command: x\n  become: "{{ greeting }}"\n', '"become" must be a boolean'],
    ['a list', '- command: x\n  retries: "{{ groups.vps }}"\n', '"retries" can\'t be a list'],
    ['another host', '- command: x\n  delegate_to: jack5\n', '"delegate_to: jack5" is not supported yet'],
    ['another way to root', '- command: x\n  become_method: su\n', '"become_method" other than sudo is not supported'],
    ['an argument that is given twice', '- command: { cmd: x }\n  args: { cmd: y }\n', 'argument "cmd" is given twice'],
    ['all hosts per cent', '- command: x\n- hosts: x\n', 'there is no module or keyword "hosts"'],
  ])('can not be templates of %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });

  test('of plays that are wrong are refused', async () => {
    const files = { 'tasks/site.yml': '- hosts: vps\n  max_fail_percentage: many\n' };
    expect(await errorsOf(() => load(files))).toContain(
      '"max_fail_percentage" must be a percentage\n  tasks/site.yml:2:24',
    );
  });
});

describe('what would do harm if it were read as empty', () => {
  test.each([
    [
      'a misspelt variable in quote',
      '- command: "rm -rf {{quote dirr}}/"\n  vars: { dir: /srv/x }\n',
      '"dirr" is not defined\n  tasks/site.yml:4:32\n      - command: "rm -rf {{quote dirr}}/"\n                                 ^\n  did you mean "dir"?',
    ],
    [
      'a misspelt variable in #if',
      '- command: "{{#if missing}}x{{/if}}"\n',
      '"missing" is not defined\n  tasks/site.yml:4:23\n      - command: "{{#if missing}}x{{/if}}"\n                        ^',
    ],
    [
      'the dead side of a condition',
      '- command: x\n  when: zz && false\n',
      '"zz" is not defined\n  tasks/site.yml:5:13\n        when: zz && false\n              ^',
    ],
  ])('is an error before any connection: %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
    // The same inside of a block, and in a file that is imported.
    const [message = ''] = error.split('\n');
    expect(await errorsOfTasks(`- block:\n${tasks.replace(/^(?=.)/gm, '    ')}`)).toContain(message);
    expect(await errorsOfTasks('- import_tasks: more.yml\n', { 'tasks/more.yml': tasks })).toContain(
      `${message}\n  tasks/more.yml:`,
    );
  });
});

describe('other hosts', () => {
  test('are seen by hostvars and groups in templates and conditions', async () => {
    const { playbook } = await load(
      play(`- command: "{{ hostvars.jack5.address }} {{ groups.vps.[0] }} {{#each groups.vps}}{{lookup (lookup @root.hostvars this) 'greeting'}}{{/each}}"
  when: hostvars["jack5"].address == "203.0.113.5" && "jack4" in groups.vps && size(groups["vps"]) == 2
`),
    );
    expect(await argsOf(playbook, 0)).toEqual({ cmd: '203.0.113.5 jack4 hellohello' });
    const task = taskOf(playbook, 0);
    const host = { name: 'jack4', at: task.at, groups: [], vars: {} };
    const variables = playbook.plays[0]?.variables(host, task, { values: {} });
    expect(variables && task.when[0]?.evaluate(variables)).toEqual({ kind: 'value', value: true });
  });
});

describe('a playbook in a playbook', () => {
  const files: Files = {
    'tasks/site.yml':
      '- hosts: vps\n  tasks: [{ name: one, command: x }]\n- import_playbook: more/two.yml\n  tags: t\n  when: greeting == "hello"\n- hosts: vps\n  tasks: [{ name: three, command: x }]\n',
    'tasks/more/two.yml': '- name: Two\n  hosts: vps\n  roles: [web]\n  tags: own\n',
    'roles/web/tasks/main.yml': '- name: two\n  command: x\n',
  };
  test('stands for its plays', async () => {
    const { playbook } = await load(files);
    expect(playbook.plays.map((one) => one.tasks.map((task) => [task.id, ...task.tags]))).toEqual([
      [['tasks/site.yml#1/tasks#1']],
      [['roles/web/tasks/main.yml#1', 't', 'own']],
      [['tasks/site.yml#3/tasks#1']],
    ]);
    expect(playbook.plays[1]?.tasks[0]?.when.map((one) => one.source)).toEqual(['greeting == "hello"']);
    expect((await load(files, { name: 'web' })).playbook.plays[0]?.tasks).toHaveLength(1);
  });
  test.each<[string, Files, string]>([
    ['that is not there', { 'tasks/site.yml': '- import_playbook: nope.yml\n' }, 'there is no playbook nope.yml'],
    [
      'that imports itself',
      { 'tasks/site.yml': '- import_playbook: site.yml\n' },
      'tasks/site.yml imports itself: tasks/site.yml -> tasks/site.yml',
    ],
    ['with vars', { 'tasks/site.yml': '- import_playbook: x.yml\n  vars: { a: 1 }\n' }, '"vars" is not supported yet'],
  ])('%s is refused', async (_, wrong, error) => {
    expect(await errorsOf(() => load(wrong))).toContain(error);
  });
});
