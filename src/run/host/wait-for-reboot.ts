import type { Act } from '../../core/change.ts';
import { HealError } from '../../core/errors.ts';
import { pause } from '../task/pause.ts';
import type { HostConnection } from './host-connection.ts';
import type { HostRun } from './host-run.ts';
import type { HostSetup } from './host-setup.ts';

/** Milliseconds between two login attempts: they grow from the first value to the second. */
const shortest = 250;
const longest = 2000;

/**
 * Sends the command that takes a host down, and waits until it answers from another boot. A connection lost meanwhile
 * does not show whether the host accepted the command, so the boot id decides.
 *
 * @returns undefined if the host refused the command; its error is in `send`'s own result
 * @throws `failed` if it is still the old boot after `within` seconds, `unreachable` if it does not answer
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
