import { HealError } from '../core/errors.ts';
import { noExtraVars } from '../project/variables/extra-vars.ts';
import { variablesOfHost } from '../project/variables/variables.ts';
import { didYouMean } from '../project/yaml/spelling.ts';
import type { InteractiveSession } from '../ssh/interactive.ts';
import { completeLogins, connectAsking } from './ask-logins.ts';
import { inventoryOf } from './commands/hosts-command.ts';
import { loginFor } from './login-of.ts';
import type { Options } from './options.ts';
import type { World } from './world.ts';

/**
 * Runs an operation on one host of the inventory, with the login that a run would use.
 * @throws HealError of kind `usage` for a host that the inventory lacks, `unreachable` if the login fails
 */
export async function withSession(
  name: string,
  options: Options,
  world: World,
  use: (host: InteractiveSession) => Promise<number>,
): Promise<number> {
  const { inventory, project } = await inventoryOf(options, world);
  const host = inventory.hosts.get(name);
  if (host === undefined) {
    const hint = didYouMean(name, [...inventory.hosts.keys()], 'heal hosts lists the hosts');
    throw new HealError('usage', `there is no host "${name}" in the inventory`, hint === undefined ? {} : { hint });
  }
  const complete = await completeLogins(options, world);
  const variables = variablesOfHost(inventory, host, { extra: noExtraVars });
  const login = loginFor(host, variables, project, options, world, complete);
  const connect = await connectAsking([login], options, world);
  try {
    const session = await connect.interactive(login, world.interrupt.signal);
    try {
      const code = await use(session);
      world.interrupt.signal.throwIfAborted();
      return code;
    } finally {
      await session.close();
    }
  } finally {
    await connect.close();
  }
}
