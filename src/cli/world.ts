import type { Mask, Secret } from '../core/secret.ts';
import type { Clean } from '../report/clean.ts';
import type { Paint } from '../report/paint.ts';
import type { Interrupt } from './interrupt.ts';
import type { Package } from './package-root.ts';
import type { Terminal } from './terminal.ts';

/** The parts of the process that a command may use, so that no code below it accesses the process. */
export interface World {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly package: Package;
  readonly interrupt: Interrupt;
  /** Milliseconds from a monotonic clock. */
  readonly now: () => number;
  readonly stdout: NodeJS.WriteStream;
  readonly terminal: Terminal;
  /** Writes text for users to stdout and stderr, masked. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Writes a JSON document to stdout. Its strings are cleaned; reporters, which clean them themselves, pass its text. */
  readonly json: (document: unknown) => void;
  readonly jsonText: (text: string) => void;
  readonly paint: Paint;
  /** For stderr. */
  readonly errorPaint: Paint;
  readonly clean: Clean;
  readonly mask: Mask;
  /** From now on these are masked in all output. */
  readonly hide: (secrets: Iterable<Secret>) => void;
}
