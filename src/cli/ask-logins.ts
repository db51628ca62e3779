import type { Login } from '../core/connection.ts';
import type { Connector } from '../ssh/connect.ts';
import type { OpenedKeys } from '../ssh/identities.ts';
import { askSecret, canAsk } from './prompt.ts';
import { connectOf, keySourcesOf } from './wire.ts';
import type { World } from './world.ts';

/**
 * Connects with all that only a person knows. On a terminal, everything is asked here: before the first host is logged in
 * to, and before anything is drawn.
 */
export async function connectAsking(logins: readonly Login[], world: World): Promise<Connector> {
  return connectOf(world, canAsk() ? await openedKeys(logins, world) : new Map());
}

async function openedKeys(logins: readonly Login[], world: World): Promise<OpenedKeys> {
  const { openKeys } = await import('../ssh/open-keys.ts');
  return openKeys(logins, keySourcesOf(world), (file, again) => {
    const wrong = again ? 'That passphrase is wrong. ' : '';
    return askSecret(`${wrong}Enter passphrase for key '${world.clean.line(file)}': `, world);
  });
}
