import type { Login } from '../core/connection.ts';
import type { Host, Variables } from '../core/playbook.ts';
import { loginOf } from '../project/inventory/login.ts';
import { expandPath } from '../project/variables/secret-source.ts';
import type { Options } from './options.ts';
import type { CompleteLogin } from './wire.ts';
import type { World } from './world.ts';

/**
 * The login to a host: from its variables, and from the command line if they do not set a value. As in Ansible, `-u`,
 * `--private-key`, `-b`, `--become-user`, `--become-method` and `-K` are defaults that the inventory overrides; `-e user=...` overrides both. `complete` adds the
 * values of ~/.ssh/config if none of these sets them.
 */
export function loginFor(
  host: Host,
  variables: Variables,
  project: string,
  options: Options,
  world: World,
  complete: CompleteLogin,
): Login {
  const { home, env, cwd } = world;
  const login = loginOf(host, variables, { home, env, project });
  const { user, privateKey, become, becomeUser, becomeMethod } = options;
  const given = new Set(login.given);
  const more: { -readonly [K in keyof Login]?: Login[K] } = {};
  if (user !== undefined && !given.has('user')) {
    more.user = user;
    given.add('user');
  }
  if (privateKey !== undefined && !given.has('identity_file')) {
    more.identityFile = expandPath(privateKey, home, cwd);
    given.add('identity_file');
  }
  if (become === true && !given.has('become')) {
    more.become = true;
    given.add('become');
  }
  if (becomeUser !== undefined && !given.has('become_user')) {
    more.becomeUser = becomeUser;
    given.add('become_user');
  }
  if (becomeMethod !== undefined && !given.has('become_method')) {
    more.becomeMethod = becomeMethod;
    given.add('become_method');
  }
  return complete({ ...login, ...more, given });
}
