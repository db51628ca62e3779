import { describe, expect, test } from 'vitest';
import type { Known } from '../../src/core/playbook.ts';
import { argsOf, errorsOf, errorsOfTasks, load, play, taskOf, tasksOf, value } from './project.ts';

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
  ])('cannot be %s', async (_, tasks, error) => {
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
    [
      'with_nested: [[a], "{{ some }}"]',
      [
        ['a', 1],
        ['a', 2],
      ],
    ],
    ['with_sequence: count={{ sizes.a }}', ['1']],
    ['with_dict: { b: 2 }', [{ key: 'b', value: 2 }]],
  ])('%s', async (loop, items) => {
    expect(await itemsOf(loop)).toEqual(items);
  });

  test('are controlled with loop_control', async () => {
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

  test('may be templates of values that are known before the run', async () => {
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
    ['a list of hosts', '- command: x\n  delegate_to: [jack5]\n', '"delegate_to" must be a string'],
    ['an unknown name', '- command: x\n  delegate_to: "{{ nowhere }}"\n', '"nowhere" is not defined'],
    ['another way to root', '- command: x\n  become_method: su\n', '"become_method" other than sudo is not supported'],
    ['an argument that is given twice', '- command: { cmd: x }\n  args: { cmd: y }\n', 'argument "cmd" is given twice'],
    ['all hosts per cent', '- command: x\n- hosts: x\n', 'there is no module or keyword "hosts"'],
  ])('cannot be templates of %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });

  test('of plays that are wrong are refused', async () => {
    const files = { 'tasks/site.yml': '- hosts: vps\n  max_fail_percentage: many\n' };
    expect(await errorsOf(() => load(files))).toContain(
      '"max_fail_percentage" must be a percentage\n  tasks/site.yml:2:24',
    );
  });
});

describe('values that would do harm if they were read as empty', () => {
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
  test('are visible in hostvars and groups in templates and conditions', async () => {
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
