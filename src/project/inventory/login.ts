import { join } from 'node:path';
import type { Login } from '../../core/connection.ts';
import type { Host, Value, Variables } from '../../core/playbook.ts';
import { Secret } from '../../core/secret.ts';
import { expandPath } from '../variables/secret-source.ts';
import { typeName } from '../variables/value.ts';
import { collectProblems } from '../yaml/problems.ts';
import { type ConnectionName, connectionVariables, hintOf, shownPlace, wrongValue } from './connection-variables.ts';

/** What a login needs to know about the control node. */
export interface ControlNode {
  /** The user's home directory. */
  readonly home: string;
  /** Directory of OpenSSH's files; default `home/.ssh`. */
  readonly homeSsh?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Base of relative paths; default `home`. */
  readonly project?: string;
}

/**
 * The login to a host, from its connection variables after precedence (`connectionVariables` lists them). `~` is the
 * user's home, on Windows too. Throws usage HealErrors with the Place of the value that is wrong.
 */
export function loginOf(host: Host, variables: Variables, controlNode: ControlNode): Login {
  const { home, env } = controlNode;
  const homeSsh = controlNode.homeSsh ?? join(home, '.ssh');
  const problems = collectProblems();
  const given = new Set<string>();
  const values: Partial<Record<ConnectionName, Value>> = {};
  for (const variable of connectionVariables) {
    const found = problems.attempt(() => firstOf([variable.name, ...variable.also], variables));
    if (found === undefined) continue;
    const at = host.vars[found.name]?.at ?? host.at;
    const wrong = found.pending ? 'must be known before the login' : wrongValue(variable, found.value);
    if (wrong !== undefined)
      problems.add(
        `${host.name}: "${found.name}" ${wrong}, not ${typeName(found.value)}`,
        shownPlace(variable, at),
        hintOf(variable),
      );
    given.add(variable.name);
    values[variable.name] = found.value;
  }
  problems.throwIfAny();
  const path = (name: ConnectionName): string | undefined => {
    const value = values[name];
    return value === undefined ? undefined : expandPath(String(value), home, controlNode.project ?? home);
  };
  const password = values.ssh_password;
  const identityFile = path('identity_file');
  return {
    name: host.name,
    address: String(values.address ?? host.name),
    port: Number(values.port ?? 22),
    user: String(values.user ?? localUser(env)),
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(password instanceof Secret ? { password } : {}),
    become: values.become === true,
    becomeUser: String(values.become_user ?? 'root'),
    becomeMethod: values.become_method === 'su' ? 'su' : 'sudo',
    ...(values.become_password instanceof Secret ? { becomePassword: values.become_password } : {}),
    hostKeyChecking: checking(values.host_key_checking),
    knownHostsFile: path('known_hosts_file') ?? join(homeSsh, 'known_hosts'),
    connectTimeout: Number(values.connect_timeout ?? 10),
    given,
  };
}

/** The user to log in as if no variable sets one. */
export function localUser(env: ControlNode['env']): string {
  return env['USER'] ?? env['USERNAME'] ?? 'root';
}

/** Ansible's setting is a boolean. */
function checking(value: Value | undefined): Login['hostKeyChecking'] {
  if (value === 'accept-new') return value;
  return value === 'off' || value === false ? 'off' : 'strict';
}

function firstOf(
  names: readonly string[],
  variables: Variables,
): { name: string; value: Value; pending: boolean } | undefined {
  for (const name of names) {
    const found = variables.lookup(name);
    if (found?.kind === 'pending') return { name, value: null, pending: true };
    if (found !== undefined) return { name, value: found.value, pending: false };
  }
  return undefined;
}
