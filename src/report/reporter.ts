/**
 * src/report converts a run's Events to output for users and programs: lines (plain), progress on a terminal (live)
 * and one JSON document. A renderer only renders: it does not affect the run. It imports src/core and
 * libraries, and is the only directory besides src/cli that may touch the console or the process.
 *
 * All data from outside passes through a Clean before it is cut, padded or coloured.
 */
import type { Event } from '../core/event.ts';
import type { Clean } from './clean.ts';
import type { Paint } from './paint.ts';

/** Receives a run's Events, in the order in which they happen. */
export interface Reporter {
  readonly emit: (event: Event) => void;
  /** Resolves when all output is written. To be called once, also after an error or an interrupt. */
  readonly close: () => Promise<void>;
}

/** Settings of every renderer for users. */
export interface Look {
  readonly clean: Clean;
  readonly paint: Paint;
  /** 0 shows changes and failures, 1 also ok and skipped tasks, 2 also results and round trips. */
  readonly verbose: number;
  /** Also shows diffs of the Changes. */
  readonly diff: boolean;
  /** Also shows checks that pass: for `heal verify` and `heal drill`, whose purpose they are. */
  readonly checks: boolean;
  /** Width of a line in cells. */
  readonly columns: number;
}
