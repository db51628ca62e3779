import type { Place } from '../../core/place.ts';
import { Secret } from '../../core/secret.ts';
import type { Problems } from '../yaml/problems.ts';
import type { MapNode, Node } from '../yaml/yaml-file.ts';

/** A variable that controls the login to a host. */
export interface ConnectionVariable {
  readonly name: ConnectionName;
  /** Ansible's name for it. */
  readonly also: readonly string[];
  readonly kind: 'text' | 'port' | 'boolean' | 'seconds' | 'checking' | 'method' | 'path' | 'secret';
  readonly about: string;
}

export type ConnectionName =
  | 'address'
  | 'port'
  | 'user'
  | 'identity_file'
  | 'ssh_password'
  | 'become'
  | 'become_user'
  | 'become_method'
  | 'become_password'
  | 'host_key_checking'
  | 'known_hosts_file'
  | 'connect_timeout';

/** All of them: this table is their documentation. */
export const connectionVariables: readonly ConnectionVariable[] = [
  {
    name: 'address',
    also: ['ansible_host', 'ansible_ssh_host'],
    kind: 'text',
    about: "name or address to connect to; default the host's name",
  },
  { name: 'port', also: ['ansible_port', 'ansible_ssh_port'], kind: 'port', about: "sshd's port; default 22" },
  { name: 'user', also: ['ansible_user', 'ansible_ssh_user'], kind: 'text', about: 'login user; default: your own' },
  {
    name: 'identity_file',
    also: ['ansible_ssh_private_key_file', 'ansible_private_key_file'],
    kind: 'path',
    about: 'private key file (default: the keys of ssh-agent, then `~/.ssh/id_ed25519`, `id_ecdsa`, `id_rsa`)',
  },
  {
    name: 'ssh_password',
    also: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
    kind: 'secret',
    about: 'password, tried after the keys: `!secret-env NAME` or `!secret-file FILE`, never plain text',
  },
  {
    name: 'become',
    also: ['ansible_become'],
    kind: 'boolean',
    about: 'whether tasks run as become_user; default false',
  },
  { name: 'become_user', also: ['ansible_become_user'], kind: 'text', about: 'user that tasks become; default: root' },
  {
    name: 'become_method',
    also: ['ansible_become_method'],
    kind: 'method',
    about: 'sudo or su; default sudo',
  },
  {
    name: 'become_password',
    also: ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass'],
    kind: 'secret',
    about: 'password of the login user for sudo, or of root for su; a secret (`!secret-env`, `!secret-file`)',
  },
  {
    name: 'host_key_checking',
    also: ['ansible_host_key_checking'],
    kind: 'checking',
    about: 'strict, accept-new or off; default strict',
  },
  { name: 'known_hosts_file', also: [], kind: 'path', about: 'where host keys are kept; default ~/.ssh/known_hosts' },
  {
    name: 'connect_timeout',
    also: ['ansible_timeout'],
    kind: 'seconds',
    about: 'seconds for the whole login; default 10. The facts of the host may take six times as long',
  },
];

const byName: ReadonlyMap<string, ConnectionVariable> = new Map(
  connectionVariables.flatMap((variable) => [variable.name, ...variable.also].map((name) => [name, variable])),
);

/** Ansible's variables that would change the login to a host, and that heal does not support. */
const without: Readonly<Record<string, string>> = {
  ansible_connection: 'heal connects only with SSH',
  ansible_ssh_common_args: 'heal does not use the ssh program; see its own settings in docs/inventory.md',
  ansible_ssh_extra_args: 'heal does not use the ssh program; see its own settings in docs/inventory.md',
};

/** Checks the types of connection variables whose values are literals. */
export function checkConnectionVariables(node: MapNode, problems: Problems): void {
  for (const { key, at, value } of node.entries) {
    const refused = Object.hasOwn(without, key) ? without[key] : undefined;
    if (refused !== undefined) problems.add(`"${key}" is not supported`, at, refused);
    const variable = byName.get(key);
    if (variable === undefined || isTemplate(value)) continue;
    const wrong = wrongValue(variable, value.kind === 'scalar' ? value.value : undefined);
    if (wrong !== undefined) problems.add(`"${key}" ${wrong}`, shownPlace(variable, value.at), hintOf(variable));
  }
}

/** The position of a wrong value. The line of a password in plain text is not shown. */
export function shownPlace({ kind }: ConnectionVariable, at: Place): Place {
  const { text: _line, ...place } = at;
  return kind === 'secret' ? place : at;
}

/** What to write instead of a wrong value. */
export function hintOf({ kind, about }: ConnectionVariable): string {
  return kind === 'secret' ? 'write !secret-env NAME or !secret-file FILE' : `it is ${about}`;
}

/** Describes the error in a value, as in `must be a boolean`; undefined if the value is correct. */
export function wrongValue(variable: ConnectionVariable, value: unknown): string | undefined {
  switch (variable.kind) {
    case 'text':
    case 'path':
      return typeof value === 'string' && value !== '' && !/[\0\n]/.test(value) ? undefined : 'must be a string';
    case 'secret':
      return value instanceof Secret ? undefined : 'must be a secret';
    case 'port':
      return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535
        ? undefined
        : 'must be a number from 1 to 65535';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be a boolean';
    case 'seconds':
      return typeof value === 'number' && value > 0 ? undefined : 'must be a number of seconds';
    case 'method':
      return value === 'sudo' || value === 'su' ? undefined : 'must be sudo or su';
    case 'checking':
      return value === 'strict' || value === 'accept-new' || value === 'off' || typeof value === 'boolean'
        ? undefined
        : 'must be strict, accept-new or off';
  }
}

function isTemplate(node: Node): boolean {
  return (
    node.kind === 'secret' || (node.kind === 'scalar' && typeof node.value === 'string' && node.value.includes('{{'))
  );
}
