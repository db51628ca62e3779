import { describe, expect, test } from 'vitest';
import type { Known } from '../../src/core/playbook.ts';
import { errorsOf, errorsOfTasks, type Files, load, play, taskOf } from './project.ts';

const role = (name: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`roles/${name}/${path}`, text]));
const nothing: Known = { values: {} };

describe('a playbook', () => {
  test('gives its plays with all that steers a task', async () => {
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

  test('orders pre_tasks, roles, tasks, post_tasks, and keeps a second use of a role apart', async () => {
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
  test('may be a role, which then runs alone as the site uses it', async () => {
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
  test('may be what ships', async () => {
    const shipped = {
      'tasks/backup.yml': '- hosts: all\n  roles: [keeper]\n',
      'roles/keeper/tasks/main.yml': '- command: keep\n',
    };
    const { playbook } = await load(files, { name: 'backup', shipped });
    expect(playbook.plays[0]?.tasks[0]?.id).toBe('roles/keeper/tasks/main.yml#1');
  });
  test('that is unknown tells what there is', async () => {
    expect(await errorsOf(() => load(files, { name: 'nothing' }))).toBe(
      'there is no playbook or role "nothing"\n  playbooks are site; roles are free, other and web',
    );
    expect(await errorsOf(() => load(files, { name: 'siet' }))).toContain('did you mean "site"?');
    expect(await errorsOf(() => load(files, { name: 'tasks/nope.yml' }))).toContain(
      'there is no playbook tasks/nope.yml',
    );
  });
});

describe('a wrong task', () => {
  test.each([
    [
      'a misspelt keyword',
      '- command: x\n  notfy: y\n',
      'there is no module or keyword "notfy"\n  tasks/site.yml:5:7\n        notfy: y\n        ^\n  did you mean "notify"?',
    ],
    [
      'a misspelt module',
      '- comand: x\n',
      'there is no module or keyword "comand"\n  tasks/site.yml:4:7\n      - comand: x\n        ^\n  did you mean "command"?',
    ],
    ['no module', '- name: x\n', 'the task has no module'],
    ['two modules', '- command: x\n  copy: { dest: /x }\n', 'a task has one module, but this has "command" and "copy"'],
    [
      'a keyword of later',
      '- command: x\n  throttle: 1\n',
      '"throttle" is not supported yet\n  tasks/site.yml:5:7\n        throttle: 1\n        ^\n  use serial of the play',
    ],
    ['a keyword of never', '- command: x\n  connection: local\n', '"connection" is not supported\n'],
    [
      'yes for true',
      '- command: x\n  become: yes\n',
      '"become" must be a boolean\n  tasks/site.yml:5:15\n        become: yes\n                ^\n  YAML 1.2 reads yes as a string: write true',
    ],
    ['a wrong time', '- command: x\n  timeout: soon\n', '"timeout" must be a time'],
    ['a wrong count', '- command: x\n  until: true\n  retries: -1\n', '"retries" must be an integer'],
    ['a register that is no name', '- command: x\n  register: a-b\n', '"a-b" is not a valid variable name'],
    [
      'a register that CEL reads as a type',
      '- command: x\n  register: list\n',
      '"list" has a meaning of its own in templates or conditions',
    ],
    ['a mapping for a loop', '- command: x\n  loop: { a: 1 }\n', '"loop" must be a list'],
    [
      'loop_control that heal lacks',
      '- command: x\n  loop: [1]\n  loop_control: { extended: true }\n',
      '"extended" is not supported yet',
    ],
    [
      'a string for a module that has no short form',
      '- copy: src=a dest=b\n',
      'copy expects a mapping of arguments\n  tasks/site.yml:4:13\n      - copy: src=a dest=b\n              ^\n  write "name: value" lines instead of name=value',
    ],
    ['an unknown handler', '- command: x\n  notify: restart\n', 'there is no handler "restart"\n  tasks/site.yml:5:15'],
    ['a wrong condition', '- command: x\n  when: a =\n', 'tasks/site.yml:5:15'],
  ])('with %s is refused', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });

  test('does not hide the others', async () => {
    const text = await errorsOfTasks('- comand: x\n- command: x\n  becom: true\n- copy: { dest: 5 }\n');
    expect(text.match(/tasks\/site\.yml:\d+/g)).toEqual(['tasks/site.yml:4', 'tasks/site.yml:6', 'tasks/site.yml:7']);
  });
});

describe('a wrong argument', () => {
  test.each([
    [
      'a mode without quotes',
      '- copy: { dest: /x, mode: 0644 }\n',
      'copy: "mode" must be a string: a mode is written in quotes\n  tasks/site.yml:4:31\n      - copy: { dest: /x, mode: 0644 }\n                                ^\n  YAML reads a bare 644 as a number: write mode: "0644"',
    ],
    [
      'one that is missing',
      '- copy: { content: x }\n',
      'copy needs "dest"\n  tasks/site.yml:4:13\n      - copy: { content: x }\n              ^\n  add it',
    ],
    [
      'one that is unknown',
      '- copy: { dest: /x, contnt: x }\n',
      'copy has no argument "contnt"\n  tasks/site.yml:4:25\n      - copy: { dest: /x, contnt: x }\n                          ^\n  did you mean "content"?',
    ],
    [
      'a wrong type',
      '- copy: { dest: /x, content: 5 }\n',
      'copy: "content" must be a string, not a number\n  tasks/site.yml:4:34\n      - copy: { dest: /x, content: 5 }\n                                   ^\n  put it in quotes',
    ],
    ['yes for true', '- copy: { dest: /x, backup: yes }\n', 'YAML 1.2 reads yes as a string: write true'],
    [
      'a wrong choice',
      '- copy: { dest: /x, state: presnt }\n',
      'copy: "state" must be one of present and absent\n  tasks/site.yml:4:32',
    ],
    [
      'a pattern that says what it wants',
      '- copy: { dest: x }\n',
      'copy: "dest" does not look right\n  tasks/site.yml:4:21\n      - copy: { dest: x }\n                      ^\n  an absolute path',
    ],
    [
      'a wrong member of a list',
      '- copy: { dest: /x, items: [{ name: a }, { name: 5 }] }\n',
      'copy: "items[1].name" must be a string, not a number',
    ],
    ['one that is missing beside a template', '- copy: { content: "{{ greeting }}" }\n', 'copy needs "dest"'],
  ])('is told: %s', async (_, tasks, error) => {
    expect(await errorsOfTasks(tasks)).toContain(error);
  });

  test.each([
    ['a template where a number is wanted', '- copy: { dest: /x, size: "{{ 5 }}" }\n'],
    ['a template for a choice', '- copy: { dest: "{{ greeting }}", state: "{{ greeting }}" }\n'],
    ['a secret', '- copy: { dest: /x, content: !secret-env NOPE }\n'],
    ['all arguments from an expression', '- copy: "{{ item }}"\n  loop: [{ dest: /x }]\n'],
    ["Ansible's long name", '- ansible.builtin.copy: { dest: /x }\n'],
  ])('is not %s', async (_, tasks) => {
    expect(await errorsOfTasks(tasks)).toBe('no error');
  });
});

describe('a wrong play', () => {
  test.each<[string, string, string]>([
    [
      'no hosts',
      '- name: x\n',
      'the play names no hosts\n  tasks/site.yml:1:3\n  - name: x\n    ^\n  add "hosts", as in "hosts: all"',
    ],
    [
      'unknown hosts',
      '- hosts: vsp\n',
      'there is no host or group "vsp"\n  tasks/site.yml:1:10\n  - hosts: vsp\n           ^\n  did you mean "vps"?',
    ],
    [
      'a misspelt key',
      '- hosts: vps\n  role: [x]\n',
      'a play has no key "role"\n  tasks/site.yml:2:3\n    role: [x]\n    ^\n  did you mean "roles"?',
    ],
    ['a key of never', '- hosts: vps\n  strategy: free\n', '"strategy" is not supported\n'],
    ['an unknown role', '- hosts: vps\n  roles: [web]\n', 'there is no role "web"\n  tasks/site.yml:2:11'],
    ['a wrong serial', '- hosts: vps\n  serial: many\n', '"serial" must be a number of hosts or a percentage'],
    ['no plays', '', 'the playbook contains no play'],
    ['a mapping', 'hosts: vps\n', 'a playbook must be a list'],
    [
      'a file of variables that is not there',
      '- hosts: vps\n  vars_files: [x.yml]\n',
      'there is no file of variables x.yml',
    ],
  ])('with %s is refused', async (_, text, error) => {
    expect(await errorsOf(() => load({ 'tasks/site.yml': text }))).toContain(error);
  });
});

describe('a wrong role', () => {
  const site = { 'tasks/site.yml': '- hosts: vps\n  roles: [web]\n' };
  test.each<[string, Files, string]>([
    [
      'dependencies in a circle',
      { 'meta/main.yml': 'dependencies: [web]\n' },
      'role "web" depends on itself: web -> web',
    ],
    ['an unknown key', { 'meta/main.yml': 'dependancies: []\n' }, 'did you mean "dependencies"?'],
    ['a drill without a break', { 'drills/main.yml': '- name: x\n  heals: []\n' }, 'the drill has no "break"'],
    [
      'a time that is none',
      { 'drills/main.yml': '- name: x\n  break: []\n  heals: [{ within: soon, command: x }]\n' },
      '"within" must be a time',
    ],
    [
      'a variable of a wrong type',
      {
        'meta/main.yml': 'arguments:\n  properties: { port: { type: integer, minimum: 1024 } }\n',
        'defaults/main.yml': 'port: 80\n',
      },
      'role "web": "port" must be >= 1024\n  roles/web/defaults/main.yml:1:7\n  port: 80\n        ^',
    ],
    [
      'a variable that is missing',
      {
        'meta/main.yml':
          'arguments:\n  required: [port]\n  properties: { port: { type: integer, description: The port of the gateway. } }\n',
      },
      'role "web" needs "port" for jack4\n  tasks/site.yml:2:11\n    roles: [web]\n            ^\n  it is The port of the gateway',
    ],
  ])('with %s is refused', async (_, files, error) => {
    expect(await errorsOf(() => load({ ...site, ...role('web', files) }))).toContain(error);
  });
});

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
      '"r" is not defined\n  tasks/site.yml:4:20\n      - command: "{{ r.rc }}"\n                     ^\n  it is registered by a later task: move that one up',
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

  test('in role files are told with their place there', async () => {
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
  test('of a stronger level win', async () => {
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

  test('that are no assignment are refused', async () => {
    expect(await errorsOf(() => load(play('- command: x\n'), { extraVars: ['nonsense'] }))).toBe(
      '-e nonsense gives no variable\n  -e:1:1\n  nonsense\n  ^\n  write -e name=value, -e @file.yml or -e \'{"name": 1}\'',
    );
  });

  test('in a circle are refused with the whole way', async () => {
    const files = {
      ...play('- command: x\n'),
      'inventory/group_vars/vps.yml': 'a: "{{ b }}"\nb: "{{ c }}"\nc: "{{ a }}"\n',
    };
    expect(await errorsOf(() => value(files, 'b'))).toContain(
      'variable "b" needs itself: b (inventory/group_vars/vps.yml:2) -> c (inventory/group_vars/vps.yml:3) -> a (inventory/group_vars/vps.yml:1) -> b (inventory/group_vars/vps.yml:2)',
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

  test('that are secrets and missing are told with their place when they are used', async () => {
    const files = {
      ...play('- command: x\n'),
      'inventory/group_vars/vps.yml': 'token: !secret-env NOPE\nfile: !secret-file ~/.nope\n',
    };
    expect(await errorsOf(() => value(files, 'token'))).toBe(
      'the environment variable NOPE is not set\n  inventory/group_vars/vps.yml:1:20\n  token: !secret-env NOPE\n                     ^\n  set NOPE before you run heal, or change the value in inventory/group_vars/vps.yml',
    );
    expect(await errorsOf(() => value(files, 'file'))).toContain('there is no file /home/me/.nope');
  });

  test('are pending while what they need is', async () => {
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
