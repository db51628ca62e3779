import { HealError } from '../core/errors.ts';

/** A signal that ends the command: the first stops it cleanly, the second at once. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Called at the first signal, to show the user that it was received. */
  onFirst: () => void;
}

/** SIGBREAK is Ctrl-Break of Windows, SIGHUP a terminal that was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;

/** Listens for the signals. A change that has started on a host is finished or stopped there before the command ends. */
export function listen(leave: () => void): Interrupt {
  const controller = new AbortController();
  const interrupt: Interrupt = { signal: controller.signal, onFirst: () => undefined };
  const stop = (): void => {
    if (controller.signal.aborted) {
      leave();
      return;
    }
    controller.abort(new HealError('interrupted', 'interrupted'));
    interrupt.onFirst();
  };
  for (const name of signals) {
    try {
      process.on(name, stop);
    } catch {
      // This system does not have such a signal.
    }
  }
  return interrupt;
}
