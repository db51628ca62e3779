import { describe, expect, test } from 'vitest';
import { badInputs, type Case, hosts, ownWorkplace, site } from './bad-input.ts';

const place = ownWorkplace();

const names: Case[] = [
  [
    'a variable that is not defined, in an argument',
    site('- name: x\n  copy: { content: "{{ greting }}", dest: /x }'),
    `error: "greting" is not defined
  --> tasks/site.yml:5:28
   |
 5 |       copy: { content: "{{ greting }}", dest: /x }
   |                            ^
hint: define it in the inventory, the play or the role's defaults
`,
  ],
  [
    'one in a condition that the other side decides',
    site('- name: x\n  command: "true"\n  when: zz && false'),
    `error: "zz" is not defined
  --> tasks/site.yml:6:13
   |
 6 |       when: zz && false
   |             ^
hint: define it in the inventory, the play or the role's defaults
`,
  ],
  [
    'one in a template file, in an #if and behind a helper',
    {
      ...site('- name: x\n  template: { src: a.hbs, dest: /x }'),
      'templates/a.hbs': 'one {{ gone }}\n{{#if missing}}x{{/if}}\n{{quote lost}}\n',
    },
    `error: "gone" is not defined
  --> templates/a.hbs:1:8
   |
 1 | one {{ gone }}
   |        ^
hint: define it in the inventory

error: "missing" is not defined
  --> templates/a.hbs:2:7
   |
 2 | {{#if missing}}x{{/if}}
   |       ^
hint: define it in the inventory

error: "lost" is not defined
  --> templates/a.hbs:3:9
   |
 3 | {{quote lost}}
   |         ^
hint: define it in the inventory

3 errors
`,
  ],
  [
    'one that a later task registers',
    site('- name: x\n  command: "echo {{ r.stdout }}"\n- name: y\n  command: date\n  register: r'),
    `error: "r" is not defined
  --> tasks/site.yml:5:25
   |
 5 |       command: "echo {{ r.stdout }}"
   |                         ^
hint: a later task registers it: move that one up
`,
  ],
  [
    'variables that need each other',
    {
      ...site('- name: x\n  command: "{{ a }}"'),
      'inventory/group_vars/all.yml': 'a: "{{ b }}"\nb: "{{ c }}"\nc: "{{ a }}"\n',
    },
    `error: variable "a" refers to itself: a (inventory/group_vars/all.yml:1) -> b (inventory/group_vars/all.yml:2) -> c (inventory/group_vars/all.yml:3) -> a (inventory/group_vars/all.yml:1)
  --> inventory/group_vars/all.yml:1:4
   |
 1 | a: "{{ b }}"
   |    ^
hint: set one of them to a value that does not refer to the others
`,
  ],
  [
    'a block of a template that is never closed',
    { ...site('- name: x\n  template: { src: a.hbs, dest: /x }'), 'templates/a.hbs': 'one\n{{#if facts}}\n' },
    `error: a block is not closed
  --> templates/a.hbs:2:14
   |
 2 | {{#if facts}}
   |              ^
cause: Parse error on line 3: one{{#if facts}} ----------------^ Expecting 'OPEN_INVERSE_CHAIN', 'INVERSE', 'OPEN_ENDBLOCK', got 'EOF'
hint: end it with {{/if}}, {{/each}}, {{/unless}} or {{/with}}
`,
  ],
];

const types: Case[] = [
  [
    'a mode without quotes',
    site('- name: x\n  copy: { content: a, dest: /x, mode: 0644 }'),
    `error: copy: "mode" must be a string: a mode is written in quotes
  --> tasks/site.yml:5:43
   |
 5 |       copy: { content: a, dest: /x, mode: 0644 }
   |                                           ^
hint: YAML reads a bare 644 as a number: write mode: "0644"
`,
  ],
  [
    'a port that is a string',
    site('- name: x\n  process: { port: "x", state: absent }'),
    `error: process: "port" must be an integer, not a string
  --> tasks/site.yml:5:24
   |
 5 |       process: { port: "x", state: absent }
   |                        ^
hint: write it without quotes
`,
  ],
  [
    'a port that a variable makes a string',
    site('- name: x\n  process: { port: "{{ p }}", state: absent }\n  vars: { p: many }'),
    `error: process: "port" must be an integer, not a string
  --> tasks/site.yml:5:24
   |
 5 |       process: { port: "{{ p }}", state: absent }
   |                        ^
hint: the value comes from a template; check the variables used in it
`,
  ],
  [
    "sshd's port in the inventory",
    { ...site('- command: "true"'), 'inventory/hosts.yml': 'all:\n  hosts:\n    jack4: { port: "x" }\n' },
    `error: "port" must be a number from 1 to 65535
  --> inventory/hosts.yml:3:20
   |
 3 |     jack4: { port: "x" }
   |                    ^
hint: it is sshd's port; default 22
`,
  ],
  [
    'a path that is not absolute',
    site('- name: x\n  copy: { content: a, dest: x/y }'),
    `error: copy: "dest" has an invalid value
  --> tasks/site.yml:5:33
   |
 5 |       copy: { content: a, dest: x/y }
   |                                 ^
hint: absolute path of the file on the host
`,
  ],
  [
    'a condition that is a number',
    site('- name: x\n  command: "true"\n  when: 1 + 1'),
    `error: "when" gives an integer, not a boolean
  --> tasks/site.yml:6:13
   |
 6 |       when: 1 + 1
   |             ^
hint: write a comparison, such as x == 1
`,
  ],
];

badInputs(place, [
  ['names', names],
  ['types', types],
]);

describe('any error', () => {
  test('a plan, a syntax check and JSON report the same', async () => {
    const [, files = {}, stderr] = names[0] ?? [];
    const project = place.project({ 'inventory/hosts.yml': hosts, ...files });
    for (const args of [
      ['plan', 'site'],
      ['run', 'site', '--syntax-check'],
      ['run', 'site', '-o', 'json'],
    ]) {
      expect(await place.heal(project, args)).toEqual({ code: 5, stdout: '', stderr });
    }
  });
});
