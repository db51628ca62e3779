/**
 * src/report turns a run's Events into what a person or a program reads: lines (plain), progress on a terminal (live)
 * and one JSON document. A renderer only renders: it decides nothing about the run. It imports src/core and
 * libraries, and is the only directory besides src/cli that may touch the console or the process.
 *
 * Everything that comes from outside goes through a Clean before it is cut, padded or coloured.
 */
import type { Event } from '../core/event.ts';
import type { Clean } from './clean.ts';
import type { Paint } from './paint.ts';

/** What is fed with a run's Events, in the order in which they happen. */
export interface Reporter {
  readonly emit: (event: Event) => void;
  /** Resolves when all is written. To be called once, also after an error or an interrupt. */
  readonly close: () => Promise<void>;
}

/** What every renderer for people wants to know. */
export interface Look {
  readonly clean: Clean;
  readonly paint: Paint;
  /** 0 tells what changed or failed, 1 also what was ok or skipped, 2 also results and round trips. */
  readonly verbose: number;
  /** Diffs of the Changes as well. */
  readonly diff: boolean;
  /** Checks that hold are told as well: `heal verify` and `heal drill`, where they are the point. */
  readonly checks: boolean;
  /** Cells of a line. */
  readonly columns: number;
}
