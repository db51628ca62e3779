import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ModuleSchema } from '../../src/core/playbook.ts';
import { modules } from '../../src/modules/registry.ts';
import {
  ansibleModules,
  ansibleVariables,
  elsewhere,
  lackingVariables,
} from '../../src/project/playbook/ansible-names.ts';
import { metaModule } from '../../src/project/playbook/meta.ts';
import { magicNames } from '../../src/project/yaml/fields.ts';
import { catalogue, errorsOf, errorsOfTasks, type Files, load } from './project.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/from-ansible.md'), 'utf8');

interface Row {
  readonly name: string;
  /** `yes`, `not yet`, `no`, or what it is called here. */
  readonly heal: string;
  readonly remarks: string;
}

/** The table below this heading. */
function rows(heading: string): Row[] {
  const [, after = ''] = page.split(`## ${heading}\n`);
  const [section = ''] = after.split('\n## ');
  return [...section.matchAll(/^\| `([^`]+)` \| ([^|]+?) \| ?(.*?) ?\|$/gm)].map((found) => ({
    name: found[1] ?? '',
    heal: (found[2] ?? '').replaceAll('`', ''),
    remarks: found[3] ?? '',
  }));
}

/** A value that each keyword takes; what is not named here takes `true`. */
const samples: Readonly<Record<string, string>> = {
  args: '{ creates: /x }',
  always: '[]',
  become_method: 'sudo',
  become_user: 'bob',
  block: '[{ command: x }]',
  changed_when: 'greeting == "x"',
  delay: '5',
  delegate_to: 'localhost',
  environment: '{ A: "1" }',
  failed_when: 'greeting == "x"',
  handlers: '[{ name: again, command: x }]',
  hosts: 'vps',
  listen: 'x',
  loop: '[1]',
  module_defaults: '{ copy: { backup: true } }',
  loop_control: '{ loop_var: x, index_var: y, label: z, pause: 1 }',
  max_fail_percentage: '30',
  name: 'x',
  notify: 'again',
  post_tasks: '[]',
  pre_tasks: '[]',
  register: 'r',
  rescue: '[]',
  retries: '3',
  role: 'web',
  roles: '[web]',
  serial: '1',
  tags: '[a]',
  tasks: '[{ command: x }]',
  timeout: '5s',
  until: 'greeting == "x"',
  vars: '{ a: 1 }',
  vars_files: '[vars.yml]',
  when: 'greeting == "x"',
  with_dict: '{ a: 1 }',
  with_indexed_items: '[1]',
  with_items: '[1]',
  with_list: '[1]',
  with_nested: '[[1]]',
  with_sequence: 'count=1',
  with_subelements: '[[], a]',
  with_together: '[[1]]',
};

const handlers = 'handlers: [{ name: again, command: x }]';
/** A playbook in which the keyword stands at this level. */
const frames: Readonly<Record<string, (key: string) => string>> = {
  'Keywords of a play': (key) => (key === 'hosts: vps' ? `- ${key}\n` : `- hosts: vps\n  ${key}\n`),
  'Keywords of a role': (key) =>
    `- hosts: vps\n  roles:\n    - ${/^(role|name):/.test(key) ? key.replace('x', 'web') : `role: web\n      ${key}`}\n`,
  'Keywords of a block': (key) =>
    `- hosts: vps\n  ${handlers}\n  tasks:\n    - ${key.startsWith('block:') ? key : `block: [{ command: x }]\n      ${key}`}\n`,
  'Keywords of a task': (key) => `- hosts: vps\n  ${handlers}\n  tasks:\n    - command: x\n      ${key}\n`,
};
const files: Files = { 'roles/web/tasks/main.yml': '- command: x\n', 'tasks/vars.yml': 'a: 1\n' };

describe.each(Object.keys(frames))('%s', (level) => {
  const all = rows(level);
  test('the table exists and names each keyword once', () => {
    expect(all.length).toBeGreaterThan(25);
    expect(new Set(all.map((row) => row.name)).size).toBe(all.length);
  });
  test.each(all.map((row) => [row.name, row.heal] as const))('%s: %s', async (name, heal) => {
    const text = frames[level]?.(`${name}: ${samples[name] ?? 'true'}`) ?? '';
    const said = await errorsOf(() => load({ 'tasks/site.yml': text, ...files }));
    if (heal === 'yes') expect(said).toBe('no error');
    else expect(said).toContain(`"${name}" is not supported${heal === 'no' ? '\n' : ' yet\n'}`);
  });
  test('every unsupported keyword has a reason', () => {
    for (const row of all) if (row.heal !== 'yes') expect(row.remarks).not.toBe('');
  });
});

/** All that a task can name: the modules, and what steers the run itself. */
const complete: ReadonlyMap<string, ModuleSchema> = new Map<string, ModuleSchema>([
  ...modules,
  [metaModule.name, metaModule],
]);

describe.each(['Modules of ansible.builtin', 'Modules of other collections'])('%s', (heading) => {
  const all = rows(heading);
  test.each(all.map((row) => [row.name, row.heal] as const))('%s: %s', async (name, heal) => {
    if (heal === 'yes') {
      const wanted = name.endsWith('_playbook')
        ? '- import_playbook: nope.yml\n'
        : `- hosts: vps\n  tasks: [{ ${name}: }]\n`;
      const said = await errorsOf(() => load({ 'tasks/site.yml': wanted }));
      expect(said).not.toContain('no module or keyword');
      expect(said).not.toContain('is not supported');
    } else if (heal === 'not yet' || heal === 'no') {
      expect(modules.has(name), `heal has ${name} now: say so in docs/from-ansible.md`).toBe(false);
      const said = await errorsOfTasks(`- ${name}: {}\n`);
      expect(said).toMatch(new RegExp(`"${name}" is not supported${heal === 'no' ? '\\n' : ' yet\\n'}`));
    } else {
      expect(complete.has(heal), `there is no module ${heal}`).toBe(true);
      if (!complete.has(name)) expect(elsewhere(name, complete)).toEqual({ here: heal });
    }
  });
});

test('every name that the program knows is on the page', () => {
  const named = ['Modules of ansible.builtin', 'Modules of other collections'].flatMap((heading) => rows(heading));
  const names = new Set(named.map((row) => row.name.replace(/^.*\./, '')));
  expect(Object.keys(ansibleModules).filter((name) => !names.has(name) && name !== 'docker_compose')).toEqual([]);
  const variables = new Set(rows('Variables').map((row) => row.name));
  expect(Object.keys({ ...ansibleVariables, ...lackingVariables }).filter((name) => !variables.has(name))).toEqual([]);
});

test('the error for a module of Ansible names the module of heal', async () => {
  const more = new Map([...catalogue, ['line', { name: 'line', schema: {} }], ['acl', { name: 'acl', schema: {} }]]);
  expect(elsewhere('lineinfile', more)).toEqual({ here: 'line' });
  expect(elsewhere('ansible.builtin.lineinfile', more)).toEqual({ here: 'line' });
  expect(elsewhere('ansible.posix.acl', more)).toEqual({ here: 'acl' });
  expect(elsewhere('lineinfile', catalogue)).toMatchObject({ status: 'not yet' });
  expect(elsewhere('nonsense', more)).toBeUndefined();
  expect(await errorsOfTasks('- community.x.command: x\n')).toBe(
    '"community.x.command" is "command" here\n  tasks/site.yml:4:7\n      - community.x.command: x\n        ^\n  write command; docs/modules.md has its arguments',
  );
});

describe('Variables', () => {
  test.each(rows('Variables').map((row) => [row.name, row.heal] as const))('%s: %s', async (name, heal) => {
    const said = await errorsOfTasks(`- command: "{{json ${name}}}"\n`);
    if (name === heal) {
      expect(magicNames.some((magic) => magic === name)).toBe(true);
      expect(said).toBe('no error');
      return;
    }
    expect(said).toContain(`"${name}" is not defined\n`);
    expect(said).toContain(heal === 'not yet' ? 'heal does not have it yet: ' : `it is ${heal} here`);
  });
});

describe('Expressions', () => {
  const [, section = ''] = page.split('## Expressions\n');
  const table = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(.+)` \| (.+?) \| /gm)];
  const codes = table
    .slice(0)
    .flatMap((row) => [...(row[2] ?? '').matchAll(/`([^`]+)`/g)].map((code) => code[1] ?? ''));
  const vars =
    'vars: { a: x, b: false, n: "2", x: [1], path: /a/b, names: [x], r: { changed: false, failed: false, skipped: false, stdout: x } }';
  const usable = codes.filter((code) => /^(when: |\{\{)/.test(code) && !code.includes('...'));
  test('the table exists', () => expect(usable.length).toBeGreaterThan(12));
  test.each(usable)('%s', async (code) => {
    const plain = code.replaceAll('\\|', '|').replace('hostvars.jack4.x', 'hostvars.jack4.address');
    const task = plain.startsWith('when: ')
      ? `- command: x\n  ${plain}\n  ${vars}\n`
      : `- command: '${plain}'\n  ${vars}\n`;
    expect(await errorsOfTasks(task)).toBe('no error');
  });
});
