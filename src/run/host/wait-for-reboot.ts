import type { Act } from '../../core/change.ts';
import { HealError } from '../../core/errors.ts';
import { pause } from '../task/pause.ts';
import type { HostConnection } from './host-connection.ts';
import type { HostRun } from './host-run.ts';
import type { HostSetup } from './host-setup.ts';

/** Milliseconds between two attempts to log in: they grow from the first to the second. */
const shortest = 250;
const longest = 2000;

/**
 * Sends what takes a host down, and waits until it is another boot of it that answers. A line that breaks meanwhile
 * does not tell whether the host took the order, so its boot decides.
 *
 * @returns undefined where the host refused the order, which is in `send`'s own result
 * @throws `failed` where it is still the old boot after `within` seconds, `unreachable` where it does not answer
 */
export async function waitForReboot(
  run: Pick<HostRun, 'settings' | 'setup'>,
  line: HostConnection,
  act: Extract<Act, { kind: 'reconnect' }>,
  send: () => Promise<boolean>,
): Promise<HostSetup | undefined> {
  const { now, signal } = run.settings;
  const boot = (line.setup() ?? run.setup).facts.boot_id;
  const until = now() + 1000 * act.within;
  try {
    if (!(await send())) return undefined;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
  for (let wait = shortest; ; wait = Math.min(longest, wait * 1.5)) {
    await pause(wait, signal);
    try {
      const setup = await line.renew();
      if (setup.facts.boot_id !== boot) return setup;
      if (now() >= until) {
        throw new HealError('failed', `the host has not gone down in ${act.within} s`, {
          hint: 'look at its log for what delays the reboot (an inhibitor, a unit that does not stop)',
        });
      }
    } catch (error) {
      if (!isUnreachable(error) || now() >= until) throw error;
    }
  }
}

function isUnreachable(error: unknown): error is HealError {
  return error instanceof HealError && error.kind === 'unreachable';
}
