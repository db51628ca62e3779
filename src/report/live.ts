import { ANSI_ESCAPE_CODES, DefaultRenderer, figures, Listr, ListrLogger, ProcessOutput, Spinner } from 'listr2';
import { hostLines } from './host-lines.ts';
import { narrator } from './narrator.ts';
import type { Look, Reporter } from './reporter.ts';
import { screenOn } from './screen.ts';

/** Minimum time between two redraws; a burst of events causes only one. */
const redrawMs = 50;

/**
 * Progress on a terminal, with listr2: a line for each host with its current activity, redrawn in place, while changes
 * and failures stay printed above. The recap is printed last, when nothing is redrawn any more.
 */
export function liveReporter(look: Look, terminal: NodeJS.WriteStream, now: () => number): Reporter {
  const narrate = narrator(look);
  const screen = screenOn(terminal);
  const spinner = new Spinner();
  const hosts = hostLines(look, { done: figures.tick, failed: figures.cross, waiting: figures.pointerSmall }, now);
  let drawn = Number.NEGATIVE_INFINITY;
  let first = true;
  let recap = '';

  // listr2 draws a list of tasks whose titles are set one at a time; forty hosts on a terminal of thirty rows, and time
  // that passes without an event, require drawing all lines at once.
  class HostRenderer extends DefaultRenderer {
    override create(): string {
      return hosts.draw(spinner.fetch(), { columns: terminal.columns || 80, rows: terminal.rows || 24 });
    }

    override update(): void {
      if (now() - drawn < redrawMs) return;
      drawn = now();
      super.update();
    }
  }

  // listr2 would replace process.stdout.write with a buffer until it ends; nothing else writes here.
  class Output extends ProcessOutput {
    override get stdout(): NodeJS.WriteStream {
      return screen.stream;
    }

    override hijack(): void {
      terminal.write(ANSI_ESCAPE_CODES.CURSOR_HIDE);
    }

    override release(): void {
      terminal.write(ANSI_ESCAPE_CODES.CURSOR_SHOW);
    }
  }

  let finish = (): void => {};
  let running: Promise<unknown> = Promise.resolve();
  const begin = (names: readonly string[]): void => {
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const logger = new ListrLogger({
      processOutput: new Output(screen.stream),
      useIcons: true,
      toStderr: [],
    });
    const list = new Listr(
      names.map((title) => ({ title, task: () => finished })),
      {
        concurrent: true,
        exitOnError: false,
        renderer: HostRenderer,
        rendererOptions: { logger, spinner, clearOutput: true },
        // The creator of this reporter decided that this is a terminal; the command handles Ctrl-C.
        forceTTY: true,
        fallbackRendererCondition: false,
        registerSignalListeners: false,
      },
    );
    running = list.run();
  };

  return {
    emit: (event) => {
      hosts.on(event);
      if (event.type === 'run-start') begin(event.hosts);
      const lines = [...narrate(event)];
      if (first && lines[0] === '') lines.shift();
      if (lines.length === 0) return;
      first = false;
      const text = `${lines.join('\n')}\n`;
      // The recap is printed last: it waits until the redrawn lines are removed.
      if (event.type === 'run-end') recap = text;
      else screen.above(text);
    },
    close: async () => {
      finish();
      await running;
      screen.flush();
      if (recap !== '') terminal.write(recap);
    },
  };
}
