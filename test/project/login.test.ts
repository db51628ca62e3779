import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/project/inventory/inventory.ts';
import { loginOf } from '../../src/project/inventory/login.ts';
import { noExtraVars } from '../../src/project/variables/extra-vars.ts';
import { expandPath } from '../../src/project/variables/secret-source.ts';
import { variablesOfHost } from '../../src/project/variables/variables.ts';
import { directoryWith, errorsOf } from './project.ts';

async function login(vars: string): Promise<ReturnType<typeof loginOf>> {
  const project = await directoryWith({
    'inventory/hosts.yml': `all:\n  hosts:\n    jack4:\n${vars.replace(/^(?=.)/gm, '      ')}`,
  });
  const inventory = await loadInventory({ project, home: '/home/me', env: { PASSWORD: 'open sesame' } });
  const host = inventory.hosts.get('jack4');
  if (host === undefined) throw new Error('no host');
  return loginOf(host, variablesOfHost(inventory, host, { extra: noExtraVars }), {
    home: '/home/me',
    env: { USERNAME: 'coach' },
    project: '/p',
  });
}

describe('a login', () => {
  test('has defaults for values that are not given', async () => {
    expect(await login('')).toEqual({
      name: 'jack4',
      address: 'jack4',
      port: 22,
      user: 'coach',
      become: false,
      becomeUser: 'root',
      becomeMethod: 'sudo',
      hostKeyChecking: 'strict',
      knownHostsFile: '/home/me/.ssh/known_hosts',
      connectTimeout: 10,
      given: new Set(),
    });
  });

  test("understands heal's variables", async () => {
    expect(
      await login(
        'address: "{{ net }}.4"\nnet: 203.0.113\nport: 2222\nuser: root\nidentity_file: ~/.ssh/id\nbecome: true\nbecome_user: bob\nhost_key_checking: accept-new\nknown_hosts_file: known\nconnect_timeout: 5\n',
      ),
    ).toMatchObject({
      address: '203.0.113.4',
      port: 2222,
      user: 'root',
      identityFile: '/home/me/.ssh/id',
      become: true,
      becomeUser: 'bob',
      hostKeyChecking: 'accept-new',
      knownHostsFile: '/p/known',
      connectTimeout: 5,
      given: new Set([
        'address',
        'port',
        'user',
        'identity_file',
        'become',
        'become_user',
        'host_key_checking',
        'known_hosts_file',
        'connect_timeout',
      ]),
    });
  });

  test("understands Ansible's variables, and heal's win", async () => {
    expect(
      await login(
        'ansible_host: 203.0.113.4\nansible_port: 2222\nansible_user: root\nuser: coach\nansible_ssh_private_key_file: /k\nansible_become: true\nansible_host_key_checking: false\n',
      ),
    ).toMatchObject({
      address: '203.0.113.4',
      port: 2222,
      user: 'coach',
      identityFile: '/k',
      become: true,
      hostKeyChecking: 'off',
    });
  });

  test('with a value that is wrong after rendering is refused', async () => {
    expect(await errorsOf(() => login('port: "{{ number }}"\nnumber: "22"\n'))).toBe(
      'jack4: "port" must be a number from 1 to 65535, not a string\n  inventory/hosts.yml:4:13\n        port: "{{ number }}"\n              ^\n  it is sshd\'s port; default 22',
    );
  });

  test('with an undefined variable is refused', async () => {
    expect(await errorsOf(() => login('address: "{{ nte }}.4"\nnet: 203.0.113\n'))).toContain(
      '"nte" is not defined\n  inventory/hosts.yml:4:20',
    );
  });
});

test.each([
  ['~/.ssh/id', '/home/me/.ssh/id'],
  ['~', '/home/me'],
  ['/abs/id', '/abs/id'],
  ['keys/id', '/p/keys/id'],
  ['C:\\Users\\me\\id', 'C:\\Users\\me\\id'],
  ['C:/Users/me/id', 'C:/Users/me/id'],
  ['\\\\server\\share\\id', '\\\\server\\share\\id'],
])('the path %s is %s', (path, expanded) => {
  expect(expandPath(path, '/home/me', '/p')).toBe(expanded);
});

describe('a password', () => {
  test.each(['ssh_password', 'ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'])(
    'is a secret by the name %s',
    async (name) => {
      const { password, given } = await login(`${name}: !secret-env PASSWORD\n`);
      expect(password?.reveal()).toBe('open sesame');
      expect(given).toEqual(new Set(['ssh_password']));
    },
  );

  test('may be the result of a template', async () => {
    const { password } = await login('vault: !secret-env PASSWORD\nssh_password: "{{ vault }}"\n');
    expect(password?.reveal()).toBe('open sesame');
  });

  test('that is missing is an error before the login', async () => {
    await expect(login('ssh_password: !secret-env NOTHING\n')).rejects.toThrow(
      'the environment variable NOTHING is not set',
    );
  });

  test.each([
    ['ssh_password: open sesame\n', '"ssh_password" must be a secret'],
    [
      'plain: open sesame\nansible_password: "{{ plain }}"\n',
      'jack4: "ansible_password" must be a secret, not a string',
    ],
  ])('in plain text is refused, and its line is not shown: %j', async (vars, message) => {
    const error: unknown = await login(vars).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message, hint: 'write !secret-env NAME or !secret-file FILE' });
    expect(JSON.stringify(error)).toContain('hosts.yml');
    expect(JSON.stringify(error)).not.toContain('sesame');
  });
});
