import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Files, type Workplace, workplace } from './project.ts';

let place: Workplace;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place?.remove());

const hosts = 'all:\n  hosts:\n    jack4: { address: 127.0.0.1, port: 1 }\n';

/** A playbook with these tasks, written as they stand: the lines of the transcripts count. */
function site(tasks: string): Files {
  const lines = tasks.split('\n').map((line) => (line === '' ? '' : `    ${line}`));
  return { 'tasks/site.yml': `- name: Site\n  hosts: all\n  tasks:\n${lines.join('\n')}\n` };
}

/** One case: what is in the project, what is called, and every word that is answered on stderr. */
type Case = readonly [name: string, files: Files, stderr: string, args?: readonly string[]];

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
];

const names: Case[] = [
  [
    'a variable that there is not, in an argument',
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
    `error: variable "a" needs itself: a (inventory/group_vars/all.yml:1) -> b (inventory/group_vars/all.yml:2) -> c (inventory/group_vars/all.yml:3) -> a (inventory/group_vars/all.yml:1)
  --> inventory/group_vars/all.yml:1:4
   |
 1 | a: "{{ b }}"
   |    ^
hint: give one of them a value of its own
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
hint: end it by {{/if}}, {{/each}}, {{/unless}} or {{/with}}
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
    `error: copy: "dest" does not look right
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
    `error: "when" gives an int, not a boolean
  --> tasks/site.yml:6:13
   |
 6 |       when: 1 + 1
   |             ^
hint: compare it with something
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

const places: Case[] = [
  [
    'a host that there is not',
    site('- command: "true"'),
    'error: there is no host or group "jck4"\nhint: did you mean "jack4"?\n',
    ['run', 'site', '--limit', 'jck4'],
  ],
  [
    'an inventory that there is not',
    site('- command: "true"'),
    `error: there is no inventory nowhere.yml\nhint: create it, or list hosts with -i 'host1,host2,'\n`,
    ['run', 'site', '-i', 'nowhere.yml'],
  ],
  [
    'a role that there is not',
    { 'tasks/site.yml': '- name: x\n  hosts: all\n  roles: [jack-servce]\n' },
    `error: there is no role "jack-servce"
  --> tasks/site.yml:3:11
   |
 3 |   roles: [jack-servce]
   |           ^
hint: did you mean "jack-service"?
`,
  ],
  [
    'a template that there is not',
    site('- name: x\n  template: { src: a.hbs, dest: /x }'),
    `error: there is no template "a.hbs"
  --> tasks/site.yml:5:24
   |
 5 |       template: { src: a.hbs, dest: /x }
   |                        ^
hint: it is looked for in templates, HEAL/templates
`,
  ],
  [
    'a template whose name leads out',
    site('- name: x\n  template: { src: ../../etc/passwd, dest: /x }'),
    `error: the template "../../etc/passwd" points outside its directory
  --> tasks/site.yml:5:24
   |
 5 |       template: { src: ../../etc/passwd, dest: /x }
   |                        ^
hint: put it into templates/ of the role or the project, and name it from there
`,
  ],
  [
    'a template that is a link which leads out',
    { ...site('- name: x\n  template: { src: a.hbs, dest: /x }'), 'templates/a.hbs': { link: '/etc/passwd' } },
    `error: the template "a.hbs" points outside its directory
  --> tasks/site.yml:5:24
   |
 5 |       template: { src: a.hbs, dest: /x }
   |                        ^
hint: put a copy there instead of a link
`,
  ],
  [
    'a key that there is not, at its line of the inventory',
    {
      ...site('- command: "true"'),
      'inventory/hosts.yml': 'all:\n  hosts:\n    jack4: { identity_file: /nowhere/id_ed25519 }\n',
    },
    `error: there is no key file /nowhere/id_ed25519
  --> inventory/hosts.yml:3:29
   |
 3 |     jack4: { identity_file: /nowhere/id_ed25519 }
   |                             ^
hint: identity_file says which key is used
`,
  ],
  [
    'a key that is a directory',
    site('- command: "true"'),
    'error: cannot read the key file PROJECT/tasks\nhint: check that it is a regular file and that you have read permission\n',
    ['run', 'site', '--private-key', 'tasks'],
  ],
];

describe.each([
  ['keys', keys],
  ['names', names],
  ['types', types],
  ['syntax', syntax],
  ['what is named and is not there', places],
] satisfies [string, Case[]][])('%s: told before any connection, with 5, the line and what to do', (_title, cases) => {
  for (const [name, files, stderr, args = ['run', 'site']] of cases) {
    test(name, async () => {
      const project = place.project({ 'inventory/hosts.yml': hosts, ...files });
      expect(await place.heal(project, args)).toEqual({ code: 5, stdout: '', stderr });
    });
  }
});

describe('any error', () => {
  const all = [...keys, ...names, ...types, ...syntax, ...places];

  test.each(all.map(([name, , stderr]) => [name, stderr] as const))(
    '%s: no stack, and one hint for each',
    (_, text) => {
      expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$|node:internal|\.heal\//m);
      expect(text.match(/^error: [^A-Z].*[^.]$/gm)?.length).toBe(text.match(/^hint: /gm)?.length);
    },
  );

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

test('a missing key prevents a run from starting on the other hosts', async () => {
  const project = place.project({
    ...site('- command: "true"'),
    'inventory/hosts.yml':
      'all:\n  hosts:\n    jack4: { address: 127.0.0.1, port: 1 }\n    jack5: { identity_file: /nowhere/key }\n',
  });
  const { code, stdout, stderr } = await place.heal(project, ['run', 'site']);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toContain('error: there is no key file /nowhere/key\n  --> inventory/hosts.yml:4:29\n');
});

describe('what is known only at the connection', () => {
  test.each([
    [
      'a refused connection',
      '{ address: 127.0.0.1, port: 1 }',
      4,
      'jack4 | unreachable | connection refused by 127.0.0.1 port 1\n    cause: connect ECONNREFUSED 127.0.0.1:1\n    hint: is sshd running there, and is this its port?\n',
    ],
    [
      'a name that nobody knows',
      '{ address: nowhere.invalid }',
      4,
      [
        'jack4 | unreachable | unknown host name nowhere.invalid\n    cause: getaddrinfo ENOTFOUND nowhere.invalid\n    hint: give the host an address in the inventory, or HostName in ~/.ssh/config\n',
        // Of a resolver that reaches no server.
        'jack4 | unreachable | the name nowhere.invalid could not be looked up now\n    cause: getaddrinfo EAI_AGAIN nowhere.invalid\n    hint: is there a network here?\n',
      ],
    ],
  ])('%s', async (_name, host, wanted, text) => {
    const project = place.project({
      ...site('- command: "true"'),
      'inventory/hosts.yml': `all:\n  hosts:\n    jack4: ${host}\n`,
    });
    const { code, stdout, stderr } = await place.heal(project, ['run', 'site']);
    expect({ code, stderr }).toEqual({ code: wanted, stderr: '' });
    expect([text].flat()).toContainEqual(expect.toSatisfy((one: string) => stdout.includes(one)));
    expect(stdout).toMatch(/jack4 +: ok=0 +changed=0 +unreachable=1 +failed=0 /);
  });

  test('a host that accepts the connection and sends nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const project = place.project({
      ...site('- command: "true"'),
      'inventory/hosts.yml': `all:\n  hosts:\n    jack4: { address: 127.0.0.1, port: ${port}, connect_timeout: 1 }\n`,
    });
    const { code, stdout } = await place.heal(project, ['run', 'site']);
    server.close();
    expect(code).toBe(4);
    expect(stdout).toContain(
      `jack4 | unreachable | logging in to 127.0.0.1 port ${port} timed out after 1 s\n    hint: `,
    );
  });
});
