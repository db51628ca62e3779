import { expect, test } from 'vitest';
import { badInputs, type Case, ownWorkplace, site } from './bad-input.ts';

const place = ownWorkplace();

const places: Case[] = [
  [
    'a host that does not exist',
    site('- command: "true"'),
    'error: there is no host or group "jck4"\nhint: did you mean "jack4"?\n',
    ['run', 'site', '--limit', 'jck4'],
  ],
  [
    'an inventory that does not exist',
    site('- command: "true"'),
    `error: there is no inventory nowhere.yml\nhint: create it, or list hosts with -i 'host1,host2,'\n`,
    ['run', 'site', '-i', 'nowhere.yml'],
  ],
  [
    'a role that does not exist',
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
    'a template that does not exist',
    site('- name: x\n  template: { src: a.hbs, dest: /x }'),
    `error: there is no template "a.hbs"
  --> tasks/site.yml:5:24
   |
 5 |       template: { src: a.hbs, dest: /x }
   |                        ^
hint: heal searches templates, HEAL/templates
`,
  ],
  [
    'a template whose name points outside',
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
    'a template that is a link which points outside',
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
    'a key that does not exist, at its line of the inventory',
    {
      ...site('- command: "true"'),
      'inventory/hosts.yml': 'all:\n  hosts:\n    jack4: { identity_file: /nowhere/id_ed25519 }\n',
    },
    `error: there is no key file /nowhere/id_ed25519
  --> inventory/hosts.yml:3:29
   |
 3 |     jack4: { identity_file: /nowhere/id_ed25519 }
   |                             ^
hint: check identity_file
`,
  ],
  [
    'a key that is a directory',
    site('- command: "true"'),
    'error: cannot read the key file PROJECT/tasks\nhint: check that it is a regular file and that you have read permission\n',
    ['run', 'site', '--private-key', 'tasks'],
  ],
];

badInputs(place, [['named but missing', places]]);

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
