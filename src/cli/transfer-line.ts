import { cut } from '../report/cells.ts';
import { progress } from '../run/transfer/progress.ts';
import type { Moved } from '../ssh/interactive.ts';
import type { World } from './world.ts';

/** The progress of copies. */
interface TransferLine {
  readonly moved: Moved;
  /** Removes the line. */
  readonly end: () => void;
}

/**
 * Shows the progress of a file that takes longer than a second in the last line of the terminal, redrawn in place. Shows nothing
 * if the output is not a terminal, as scp(1).
 */
export function transferLine({
  terminal,
  now,
  out,
  clean,
}: Pick<World, 'terminal' | 'now' | 'out' | 'clean'>): TransferLine {
  if (!terminal.live) return { moved: () => {}, end: () => {} };
  let file: string | undefined;
  let count = (_bytes: number): void => {};
  let shown = false;
  const erase = '\r\x1b[K';
  return {
    moved(name, bytes, size) {
      if (name !== file) {
        file = name;
        const show = (text: string): void => {
          shown = true;
          out(`${erase}${cut(`${clean.line(name)}: ${text}`, terminal.columns - 1)}`);
        };
        count = progress(show, now, { bytes: size });
      }
      count(bytes);
    },
    end() {
      if (shown) out(erase);
      shown = false;
    },
  };
}
