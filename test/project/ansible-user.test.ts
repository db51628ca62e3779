import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modules } from '../../src/modules/registry.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { loadPlaybook } from '../../src/project/playbook/playbook.ts';
import { directoryWith, errorsOf, hosts } from './project.ts';

const text = readFileSync(join(import.meta.dirname, 'ansible-user.yml'), 'utf8');
const page = readFileSync(join(import.meta.dirname, '../../docs/from-ansible.md'), 'utf8');

async function loaded(playbook: string) {
  const project = await directoryWith({
    'inventory/hosts.yml': hosts,
    'tasks/site.yml': playbook,
    'tasks/ansible-user.vars.yml': 'app_release: "7"\napp_reboot: false\n',
    'tasks/ansible-user.extra.yml':
      '- name: The page is in place\n  copy: { content: hello, dest: /srv/shop/index.html }\n',
  });
  const inventory = await loadInventory({ project, home: '/home/me', env: {} });
  return loadPlaybook({
    project,
    shipped: project,
    name: 'site',
    catalogue: modules,
    inventory,
    home: '/home/me',
    env: {},
  });
}

test('a playbook of 25 tasks of a user of Ansible is read', async () => {
  const playbook = await loaded(text);
  const tasks = playbook.plays[0]?.tasks ?? [];
  expect(tasks.length).toBeGreaterThanOrEqual(25);
  expect(tasks.map((task) => task.blocks?.[0]?.part).filter((part) => part !== undefined)).toEqual([
    'block',
    'block',
    'block',
    'rescue',
    'rescue',
    'always',
  ]);
});

/** What was changed, by the page's word for it. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/ansible_os_family/, '| `ansible_os_family` | `facts.os.family` |'],
  [/ansible_memtotal_mb/, '| `ansible_memtotal_mb` | `facts.memory.total_mb` |'],
  [/^apt:/, '| `apt` | `package` |'],
  [/authorized_key:/, '| `ansible.posix.authorized_key` | `authorized_key` |'],
  [/\.j2$/, 'Templates are Handlebars'],
  [/^lineinfile:/, '| `lineinfile` | `line` |'],
  [/^blockinfile:/, '| `blockinfile` | `block` |'],
  [/^(service|name): /, '`unit` instead of `name`'],
  [/^service:/, '| `service` | `systemd` |'],
  [/ is succeeded/, 'r is succeeded`'],
  [/ (or|and) /, '`and` `or` `not`'],
  [/ \| quote/, '`{{ x \\| quote }}`'],
];

test('and is changed only as the page describes', async () => {
  const changes = [...text.matchAll(/^(\s*(?:- )?)(.*?) # was: (.*)$/gm)];
  expect(changes.length).toBeGreaterThan(10);
  for (const [, , , before = ''] of changes) {
    const reason = reasons.find(([what]) => what.test(before))?.[1];
    expect(reason, `why was ${before} changed?`).toBeDefined();
    expect(page.includes(reason ?? ''), `${before}: ${reason} is not on the page`).toBe(true);
  }
});

test('without these changes, an error at each line requests the change', async () => {
  const before = text.replace(/^(\s*(?:- )?)(.*?) # was: (.*)$/gm, (_, indent: string, now: string, was: string) => {
    const key = /^(when|until|command): /.exec(now)?.[0] ?? '';
    return `${indent}${was.startsWith(key) || /^\S+:( |$)/.test(was) ? was : `${key}${was}`}`;
  });
  const said = await errorsOf(() => loaded(before));
  for (const [name, here] of [
    ['apt', 'package'],
    ['lineinfile', 'line'],
    ['blockinfile', 'block'],
    ['ansible.posix.authorized_key', 'authorized_key'],
  ]) {
    // A module may have Ansible's name as well.
    if (!modules.has(name ?? '')) expect(said).toContain(`"${name}" is "${here}" here`);
  }
  expect(said).toContain('a result has keys: r.changed, r.failed, r.skipped');
  expect(said).toContain('there are no filters');
  expect(said).toContain('CEL writes && for and, || for or, ! for not');
});
