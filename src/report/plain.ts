import { narrator } from './narrator.ts';
import type { Look, Reporter } from './reporter.ts';
import { waitLines } from './wait-lines.ts';

/**
 * Lines for pipes, CI and terminals without redrawing: each event is written when it happens, nothing is redrawn. A
 * long task is named while it runs.
 */
export function plainReporter(look: Look, write: (text: string) => void): Reporter {
  const narrate = narrator(look);
  let first = true;
  const waits = waitLines(look, (line) => write(`${line}\n`));
  return {
    emit: (event) => {
      waits.emit(event);
      const lines = [...narrate(event)];
      // The blank line above a heading is useless at the top.
      if (first && lines[0] === '') lines.shift();
      if (lines.length === 0) return;
      first = false;
      write(`${lines.join('\n')}\n`);
    },
    close: () => {
      waits.close();
      return Promise.resolve();
    },
  };
}
