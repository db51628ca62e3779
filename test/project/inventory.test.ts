import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/project/inventory/groups.ts';
import { expandHosts } from '../../src/project/inventory/host-range.ts';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { explain } from '../../src/project/variables/explain.ts';
import { noExtraVars } from '../../src/project/variables/extra-vars.ts';
import { variablesOfHost } from '../../src/project/variables/variables.ts';
import { directoryWith, errorsOf, type Files } from './project.ts';

async function inventory(files: Files, sources?: readonly string[]): Promise<Inventory> {
  const project = await directoryWith(files);
  return loadInventory({
    project,
    home: '/home/me',
    env: { TOKEN: 's3cret' },
    ...(sources === undefined ? {} : { sources }),
  });
}

function valueIn(from: Inventory, host: string, name: string): unknown {
  const found = from.hosts.get(host);
  if (found === undefined) throw new Error(`no host ${host}`);
  const outcome = variablesOfHost(from, found, { extra: noExtraVars }).lookup(name);
  return outcome?.kind === 'value' ? outcome.value : outcome;
}

const nested = `all:
  vars: { level: all, from_all: 1 }
  hosts:
    lonely: {}
  children:
    vps:
      vars: { level: vps }
      hosts:
        jack[4:5]: { port: 2222 }
      children:
        bots:
          vars: { level: bots }
          hosts:
            john1: { level: host }
            ross1:
    aside:
      vars: { level: aside }
      hosts: { ross1: }
`;

describe('an inventory', () => {
  test('gives hosts, groups and their depth', async () => {
    const found = await inventory({ 'inventory/hosts.yml': nested });
    expect([...found.hosts.keys()]).toEqual(['lonely', 'jack4', 'jack5', 'john1', 'ross1']);
    expect(
      Object.fromEntries([...found.groups.values()].map((group) => [group.name, [group.depth, ...group.hosts]])),
    ).toEqual({
      all: [0, 'lonely', 'jack4', 'jack5', 'john1', 'ross1'],
      vps: [1, 'jack4', 'jack5', 'john1', 'ross1'],
      bots: [2, 'john1', 'ross1'],
      aside: [1, 'ross1'],
    });
    expect(found.hosts.get('ross1')?.groups).toEqual(['all', 'aside', 'vps', 'bots']);
    expect(found.hosts.get('jack4')?.at).toMatchObject({ file: 'inventory/hosts.yml', line: 9, column: 9 });
  });

  test.each([
    ['lonely', 'all'],
    ['jack4', 'vps'],
    ['john1', 'host'],
    ['ross1', 'bots'],
  ])('uses the value of the nearest level: %s', async (host, level) => {
    expect(valueIn(await inventory({ 'inventory/hosts.yml': nested }), host, 'level')).toBe(level);
  });

  test('reads group_vars and host_vars over the variables in the file', async () => {
    const found = await inventory({
      'inventory/hosts.yml': nested,
      'inventory/group_vars/all.yml': 'from_all: 2\nlate: "{{ level }}!"\n',
      'inventory/group_vars/vps/10-a.yml': 'level: a\n',
      'inventory/group_vars/vps/20-b.yaml': 'level: b\n',
      'inventory/host_vars/jack5.yml': 'level: own\ntoken: !secret-env TOKEN\n',
    });
    expect(valueIn(found, 'jack4', 'level')).toBe('b');
    expect(valueIn(found, 'jack4', 'late')).toBe('b!');
    expect(valueIn(found, 'jack5', 'late')).toBe('own!');
    expect(valueIn(found, 'jack5', 'from_all')).toBe(2);
    expect(String(valueIn(found, 'jack5', 'token'))).toBe('***');
    expect(found.secrets.map((secret) => secret.reveal())).toEqual(['s3cret']);
    const jack5 = found.hosts.get('jack5');
    const variables = jack5 && variablesOfHost(found, jack5, { extra: noExtraVars });
    const level = variables && explain(jack5.layers, variables).find((one) => one.name === 'level');
    expect([level, ...(level?.over ?? [])].map((one) => `${one?.title} ${one?.at.file}:${one?.at.line}`)).toEqual([
      'host jack5 inventory/host_vars/jack5.yml:1',
      'group vps inventory/group_vars/vps/20-b.yaml:1',
      'group vps inventory/group_vars/vps/10-a.yml:1',
      'group vps inventory/hosts.yml:7',
      'group all inventory/hosts.yml:2',
    ]);
  });

  test('may be a list of names', async () => {
    const found = await inventory({}, ['jack4,203.0.113.9,']);
    expect([...found.hosts.keys()]).toEqual(['jack4', '203.0.113.9']);
    expect(found.hosts.get('jack4')?.groups).toEqual(['all']);
  });

  test('may consist of several files', async () => {
    const found = await inventory(
      { 'a.yml': 'all: { hosts: { one: { x: 1 } } }\n', 'b/hosts.yml': 'all: { hosts: { one: { x: 2 }, two: {} } }\n' },
      ['a.yml', 'b'],
    );
    expect([...found.hosts.keys()]).toEqual(['one', 'two']);
    expect(valueIn(found, 'one', 'x')).toBe(2);
  });

  test.each<[string, Files, string]>([
    ['no file', {}, "there is no inventory inventory/hosts.yml\n  create it, or list hosts with -i 'host1,host2,'"],
    [
      'a misspelt key',
      { 'inventory/hosts.yml': 'all:\n  childs: {}\n' },
      'group "all" has no key "childs"\n  inventory/hosts.yml:2:3\n    childs: {}\n    ^\n  did you mean "children"?',
    ],
    [
      'a list of hosts',
      { 'inventory/hosts.yml': 'all:\n  hosts:\n    - jack4\n' },
      '"hosts" must be a mapping\n  inventory/hosts.yml:3:5\n      - jack4\n      ^\n  write lines of "name: value" below it',
    ],
    [
      'a port that is a string',
      { 'inventory/hosts.yml': 'all:\n  hosts:\n    jack4: { port: "22" }\n' },
      '"port" must be a number from 1 to 65535\n  inventory/hosts.yml:3:20\n      jack4: { port: "22" }\n                     ^\n  it is sshd\'s port; default 22',
    ],
    [
      'a port of Ansible that is too large',
      { 'inventory/hosts.yml': 'all: { hosts: { jack4: { ansible_port: 99999 } } }\n' },
      '"ansible_port" must be a number from 1 to 65535',
    ],
    [
      'a password in plain text',
      { 'inventory/hosts.yml': 'all: { vars: { ansible_password: x } }\n' },
      '"ansible_password" must be a secret',
    ],
    [
      'become that is a string',
      { 'inventory/hosts.yml': 'all: { vars: { become: yes } }\n' },
      '"become" must be a boolean',
    ],
    [
      'a name with a dash',
      { 'inventory/hosts.yml': 'all: { vars: { my-var: 1 } }\n' },
      '"my-var" is not a valid variable name',
    ],
    [
      'a name that heal sets',
      { 'inventory/hosts.yml': 'all: { vars: { facts: 1 } }\n' },
      '"facts" is set by heal itself',
    ],
    [
      'a wrong range',
      { 'inventory/hosts.yml': 'all: { hosts: { "jack[3:1]": } }\n' },
      '"jack[3:1]" is not a range of hosts',
    ],
    [
      'a file for a misspelt group',
      { 'inventory/hosts.yml': nested, 'inventory/group_vars/vsp.yml': 'a: 1\n' },
      'there is no group "vsp"\n  inventory/group_vars/vsp.yml:1:1\n  a: 1\n  ^\n  did you mean "vps"?',
    ],
    [
      'groups in a circle',
      { 'inventory/hosts.yml': 'a: { children: { b: } }\nb: { children: { a: } }\n' },
      'is below itself:',
    ],
    [
      'a template with an error',
      { 'inventory/hosts.yml': 'all: { vars: { x: "{{ a | b }}" } }\n' },
      'there are no filters\n  inventory/hosts.yml:1:25',
    ],
  ])('with %s is refused', async (_, files, error) => {
    expect(await errorsOf(() => inventory(files))).toContain(error);
  });

  test('reports all errors at once, from top to bottom', async () => {
    const text = await errorsOf(() => inventory({ 'inventory/hosts.yml': 'all:\n  vars: { port: x }\n  hots: {}\n' }));
    expect(text).toMatch(/"port" must be[\s\S]*has no key "hots"/);
  });

  test('that has two keys alike is refused with both', async () => {
    expect(await errorsOf(() => inventory({ 'inventory/hosts.yml': 'all:\n  hosts: {}\n  hosts: {}\n' }))).toContain(
      'key "hosts" is given twice',
    );
  });
});

test.each([
  ['jack', ['jack']],
  ['jack[1:3]', ['jack1', 'jack2', 'jack3']],
  ['jack[08:10].x', ['jack08.x', 'jack09.x', 'jack10.x']],
  ['db-[a:c]', ['db-a', 'db-b', 'db-c']],
  ['n[0:8:4]', ['n0', 'n4', 'n8']],
  ['r[1:2]n[1:2]', ['r1n1', 'r1n2', 'r2n1', 'r2n2']],
])('%s expands to %j', (pattern, names) => {
  expect(expandHosts(pattern)).toEqual(names);
});
