import type { Login } from '../core/connection.ts';
import type { Host, Variables } from '../core/playbook.ts';
import { loginOf } from '../project/inventory/login.ts';
import { expandPath } from '../project/variables/secret-source.ts';
import type { Options } from './options.ts';
import type { CompleteLogin } from './wire.ts';
import type { World } from './world.ts';

/**
 * How a host is reached: as its variables say, and as the command line says where they do not. Like Ansible's, `-u`,
 * `--private-key`, `-b` and `-K` are defaults that the inventory overrules; `-e user=...` overrules both. `complete` adds what
 * ~/.ssh/config says where none of these does.
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
  const { user, privateKey, become } = options;
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
  return complete({ ...login, ...more, given });
}
