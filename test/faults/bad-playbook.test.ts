import { badInputs, type Case, ownWorkplace, site } from './bad-input.ts';

const keys: Case[] = [
  [
    'an unknown module',
    site('- name: x\n  tempalte: { src: a, dest: /x }'),
    `error: there is no module or keyword "tempalte"
  --> tasks/site.yml:5:7
   |
 5 |       tempalte: { src: a, dest: /x }
   |       ^
hint: did you mean "template"?
`,
  ],
  [
    'a misspelt keyword of a task',
    site('- name: x\n  command: uptime\n  wehn: true'),
    `error: there is no module or keyword "wehn"
  --> tasks/site.yml:6:7
   |
 6 |       wehn: true
   |       ^
hint: did you mean "when"?
`,
  ],
  [
    'a misspelt argument, and the one that is missing for it',
    site('- name: x\n  copy: { content: a, dset: /x }'),
    `error: copy needs "dest"
  --> tasks/site.yml:5:13
   |
 5 |       copy: { content: a, dset: /x }
   |             ^
hint: add it

error: copy has no argument "dset"
  --> tasks/site.yml:5:27
   |
 5 |       copy: { content: a, dset: /x }
   |                           ^
hint: did you mean "dest"?

2 errors
`,
  ],
  [
    'a misspelt key of a play',
    { 'tasks/site.yml': '- name: x\n  hosts: all\n  taks: []\n' },
    `error: a play has no key "taks"
  --> tasks/site.yml:3:3
   |
 3 |   taks: []
   |   ^
hint: did you mean "tasks"?
`,
  ],
  [
    'two modules in a task',
    site('- name: x\n  command: a\n  shell: b'),
    `error: a task has one module, but this has "command" and "shell"
  --> tasks/site.yml:6:7
   |
 6 |       shell: b
   |       ^
hint: split it into two tasks
`,
  ],
  [
    'defaults of a module that does not exist, and an argument that it does not have',
    {
      'tasks/site.yml':
        '- hosts: all\n  module_defaults: { fiel: { mode: "0600" }, copy: { mood: "0600" } }\n  tasks:\n    - copy: { dest: /a, content: b }\n    - copy: { dest: /b, content: b }\n',
    },
    `error: there is no module "fiel"
  --> tasks/site.yml:2:22
   |
 2 |   module_defaults: { fiel: { mode: "0600" }, copy: { mood: "0600" } }
   |                      ^
hint: did you mean "file"?

error: copy has no argument "mood"
  --> tasks/site.yml:2:54
   |
 2 |   module_defaults: { fiel: { mode: "0600" }, copy: { mood: "0600" } }
   |                                                      ^
hint: it knows src, content, remote_src, dest, owner, group, mode, backup, force, follow and validate

2 errors
`,
  ],
  [
    'both names of an argument',
    site('- name: x\n  file:\n    path: /a\n    dest: /b'),
    `error: "dest" and "path" are the same argument
  --> tasks/site.yml:7:9
   |
 7 |         dest: /b
   |         ^
hint: keep one of the two
`,
  ],
];

const syntax: Case[] = [
  [
    'a quote that is never closed',
    site('- name: "x\n  command: uptime'),
    `error: a quote is never closed
  --> tasks/site.yml:4:13
   |
 4 |     - name: "x
   |             ^
hint: close it on the line where it is meant to end
`,
  ],
  [
    'a tab',
    { 'tasks/site.yml': '- name: x\n  hosts: all\n  tasks:\n\t- command: uptime\n' },
    `error: a tab is used for indentation
  --> tasks/site.yml:4:1
   |
 4 | \t- command: uptime
   | ^
hint: indent with spaces
`,
  ],
  [
    'a key that is given twice',
    { 'tasks/site.yml': '- name: x\n  hosts: all\n  hosts: vps\n  tasks: []\n' },
    `error: key "hosts" is given twice
  --> tasks/site.yml:3:3
   |
 3 |   hosts: vps
   |   ^
hint: keep one of the two
`,
  ],
  [
    'a template without quotes',
    site('- name: x\n  command: {{ what }}'),
    `error: a key is not a string
  --> tasks/site.yml:5:17
   |
 5 |       command: {{ what }}
   |                 ^
hint: a value that begins with {{ is written in quotes: "{{ name }}"
`,
  ],
];

badInputs(ownWorkplace(), [
  ['keys', keys],
  ['syntax', syntax],
]);
