import { describe, expect, test } from 'vitest';
import { errorsOf, errorsOfTasks, type Files, load, role } from './project.ts';

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
      'copy: "dest" has an invalid value\n  tasks/site.yml:4:21\n      - copy: { dest: x }\n                      ^\n  an absolute path',
    ],
    [
      'a wrong member of a list',
      '- copy: { dest: /x, items: [{ name: a }, { name: 5 }] }\n',
      'copy: "items[1].name" must be a string, not a number',
    ],
    ['one that is missing beside a template', '- copy: { content: "{{ greeting }}" }\n', 'copy needs "dest"'],
  ])('is reported: %s', async (_, tasks, error) => {
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
