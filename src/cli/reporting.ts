import type { Event } from '../core/event.ts';
import { plainReporter } from '../report/plain.ts';
import type { Look, Reporter } from '../report/reporter.ts';
import type { Options } from './options.ts';
import type { World } from './world.ts';

/** The Reporter for the options and the terminal; the code of the others is not loaded. */
export async function reporterFor(options: Options, world: World): Promise<Reporter> {
  const { clean, terminal } = world;
  const look: Look = {
    clean,
    paint: world.paint,
    verbose: options.verbose,
    diff: options.diff,
    checks: options.command === 'verify' || options.command === 'drill',
    columns: terminal.columns,
  };
  if (options.command === 'status') {
    const { cardReporter } = await import('../report/card.ts');
    return cardReporter(look, options.output, options.output === 'json' ? world.jsonText : world.out);
  }
  if (options.output === 'json') {
    const { jsonReporter } = await import('../report/json.ts');
    const document = jsonReporter(clean, options.diff, world.jsonText);
    const trouble = plainReporter({ ...look, paint: world.errorPaint, verbose: 0, diff: false }, world.err);
    return {
      emit: (event) => {
        document.emit(event);
        if (isTrouble(event)) trouble.emit(event);
      },
      close: document.close,
    };
  }
  if (terminal.live && options.verbose < 3) {
    const { liveReporter } = await import('../report/live.ts');
    return liveReporter(look, world.stdout, world.now);
  }
  return plainReporter(look, world.out);
}

/** What a user should see even if a program reads stdout. */
function isTrouble(event: Event): boolean {
  switch (event.type) {
    case 'run-start':
    case 'warning':
    case 'host-unreachable':
    case 'host-refused':
      return true;
    case 'task-done':
      return event.status === 'failed';
    case 'drill-done':
      return event.status === 'failed';
    default:
      return false;
  }
}
