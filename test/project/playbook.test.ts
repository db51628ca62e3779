import { describe, expect, test } from 'vitest';
import { errorsOf, type Files, load, play, role, taskOf } from './project.ts';

describe('a playbook', () => {
  test('gives its plays with all keywords of a task', async () => {
    const { playbook } = await load(
      play(`- name: "Say {{ greeting }} to {{ item }}"
  command: echo {{ quote greeting }} {{ item }}
  when: [greeting == "hello", item != "x"]
  loop: [a, b]
  register: said
  until: said.rc == 0
  retries: 5
  delay: 500ms
  changed_when: false
  failed_when: said.rc > 1
  ignore_errors: true
  become: true
  become_user: bob
  environment: { A: "1" }
  no_log: true
  check_mode: false
  timeout: 2m
  tags: [a, b]
  vars: { x: 1 }
- command: { cmd: uptime, creates: /x }
`),
    );
    const task = taskOf(playbook, 0);
    expect(task).toMatchObject({
      id: 'tasks/site.yml#1/tasks#1',
      module: 'command',
      loopVar: 'item',
      register: 'said',
      retries: 5,
      delay: 0.5,
      ignoreErrors: true,
      become: true,
      noLog: true,
      checkMode: false,
      timeout: 120,
      tags: ['a', 'b'],
      at: { file: 'tasks/site.yml', line: 4, column: 7 },
      argPlaces: { cmd: { line: 5, column: 16 } },
    });
    expect(task.when.map((one) => one.source)).toEqual(['greeting == "hello"', 'item != "x"']);
    expect(taskOf(playbook, 1)).toMatchObject({ retries: 0, delay: 5, when: [], tags: [] });
    expect(taskOf(playbook, 1).name.source).toBe('command');
  });

  test('orders pre_tasks, roles, tasks and post_tasks, and separates a second use of a role', async () => {
    const { playbook } = await load({
      'tasks/site.yml': `- hosts: vps
  become: true
  tags: site
  pre_tasks: [{ command: pre }]
  tasks: [{ command: main }]
  post_tasks: [{ command: post }]
  roles:
    - web
    - { role: web, vars: { port: 1 }, tags: [second], when: port == 1 }
    - web
`,
      ...role('web', {
        'tasks/main.yml': '- command: "role {{ port }}"\n  tags: own\n',
        'handlers/main.yml': '- name: again\n  command: again\n',
        'defaults/main.yml': 'port: 80\n',
        'meta/main.yml': 'description: A server\ndependencies: [base]\n',
      }),
      ...role('base', { 'tasks/main.yml': '- command: base\n' }),
    });
    const [first] = playbook.plays;
    expect(first?.tasks.map((task) => [task.id, task.tags.join(' ')])).toEqual([
      ['tasks/site.yml#1/pre_tasks#1', 'site'],
      ['roles/base/tasks/main.yml#1', 'site'],
      ['roles/web/tasks/main.yml#1', 'site own'],
      ['roles/web/tasks/main.yml@2#1', 'site second own'],
      ['tasks/site.yml#1/tasks#1', 'site'],
      ['tasks/site.yml#1/post_tasks#1', 'site'],
    ]);
    expect(first?.tasks.every((task) => task.become === true)).toBe(true);
    expect(first?.handlers).toHaveLength(1);
    expect(first?.roles.map((one) => [one.name, one.description])).toEqual([
      ['base', ''],
      ['web', 'A server'],
    ]);
    expect(first?.tasks[3]?.when.map((one) => one.source)).toEqual(['port == 1']);
  });

  test('keeps conditions among the arguments as conditions', async () => {
    const { playbook } = await load(
      play('- assert: { that: [greeting == "hello", "!false"], msg: "{{ greeting }}" }\n'),
    );
    const task = taskOf(playbook, 0);
    expect(task.conditions.map((one) => one.source)).toEqual(['greeting == "hello"', '!false']);
    expect(task.args.inputs).toEqual(['greeting']);
  });

  test('reads drills', async () => {
    const { playbook } = await load({
      'tasks/site.yml': '- hosts: vps\n  roles: [web]\n',
      ...role('web', {
        'drills/main.yml': `- name: Killed
  break: [{ command: kill }]
  heals:
    - { name: It is back, within: 10s, command: ask }
    - { command: ask }
  restore: []
`,
        'verify/main.yml': '- name: Answers\n  command: ask\n',
      }),
    });
    const [first] = playbook.plays;
    expect(first?.drills[0]).toMatchObject({
      id: 'roles/web/drills/main.yml#1',
      name: 'Killed',
      disturbs: true,
      heals: [{ within: 10 }, { within: 30 }],
    });
    expect(first?.verify[0]?.id).toBe('roles/web/verify/main.yml#1');
  });

  test('knows its secrets', async () => {
    const { playbook } = await load(
      { ...play('- command: "x {{ token }}"\n'), 'inventory/group_vars/vps.yml': 'token: !secret-env T\n' },
      { env: { T: 's3cret' } },
    );
    expect(playbook.secrets.map((secret) => secret.reveal())).toEqual(['s3cret']);
  });

  test('whose hosts are a template sees extra variables', async () => {
    const { playbook } = await load(
      { 'tasks/site.yml': '- hosts: "{{ target }}"\n  tasks: [{ command: x }]\n' },
      { extraVars: ['target=jack4'] },
    );
    expect(playbook.plays[0]?.hosts).toBe('jack4');
  });
});

describe('the name of a playbook', () => {
  const files: Files = {
    'tasks/site.yml':
      '- name: Site\n  hosts: bots\n  become: true\n  roles: [other, { role: web, vars: { port: 1 } }]\n  tasks: [{ command: x }]\n',
    'tasks/deep/extra.yml': '- hosts: all\n  tasks: [{ command: x }]\n',
    ...role('web', { 'tasks/main.yml': '- command: "web {{ port }}"\n' }),
    ...role('other', { 'tasks/main.yml': '- command: other\n' }),
    ...role('free', { 'tasks/main.yml': '- command: free\n' }),
  };
  test('may be a path', async () => {
    expect((await load(files, { name: 'tasks/deep/extra.yml' })).playbook.plays[0]?.hosts).toBe('all');
  });
  test('may be a role, and then only this role runs, as the site uses it', async () => {
    const { playbook } = await load(files, { name: 'web' });
    expect(playbook.plays).toHaveLength(1);
    expect(playbook.plays[0]).toMatchObject({ name: 'web', hosts: 'bots' });
    expect(playbook.plays[0]?.tasks.map((task) => [task.id, task.become])).toEqual([
      ['roles/web/tasks/main.yml#1', true],
    ]);
  });
  test('may be a role that the site does not use, on all hosts', async () => {
    expect((await load(files, { name: 'free' })).playbook.plays[0]).toMatchObject({ name: 'free', hosts: 'all' });
  });
  test('may be a playbook that is part of heal', async () => {
    const shipped = {
      'tasks/backup.yml': '- hosts: all\n  roles: [keeper]\n',
      'roles/keeper/tasks/main.yml': '- command: keep\n',
    };
    const { playbook } = await load(files, { name: 'backup', shipped });
    expect(playbook.plays[0]?.tasks[0]?.id).toBe('roles/keeper/tasks/main.yml#1');
  });
  test('that is unknown is reported with the existing names', async () => {
    expect(await errorsOf(() => load(files, { name: 'nothing' }))).toBe(
      'there is no playbook or role "nothing"\n  playbooks are site; roles are free, other and web',
    );
    expect(await errorsOf(() => load(files, { name: 'siet' }))).toContain('did you mean "site"?');
    expect(await errorsOf(() => load(files, { name: 'tasks/nope.yml' }))).toContain(
      'there is no playbook tasks/nope.yml',
    );
  });
});

describe('a playbook in a playbook', () => {
  const files: Files = {
    'tasks/site.yml':
      '- hosts: vps\n  tasks: [{ name: one, command: x }]\n- import_playbook: more/two.yml\n  tags: t\n  when: greeting == "hello"\n- hosts: vps\n  tasks: [{ name: three, command: x }]\n',
    'tasks/more/two.yml': '- name: Two\n  hosts: vps\n  roles: [web]\n  tags: own\n',
    'roles/web/tasks/main.yml': '- name: two\n  command: x\n',
  };
  test('is replaced with its plays', async () => {
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
