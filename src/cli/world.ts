import type { Mask, Secret } from '../core/secret.ts';
import type { Clean } from '../report/clean.ts';
import type { Paint } from '../report/paint.ts';
import type { Interrupt } from './interrupt.ts';
import type { Package } from './package-root.ts';
import type { Terminal } from './terminal.ts';

/** What a command may use of the process, so that nothing below it asks for it itself. */
export interface World {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly package: Package;
  readonly interrupt: Interrupt;
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  readonly stdout: NodeJS.WriteStream;
  readonly terminal: Terminal;
  /** Writes text for people to stdout and stderr, masked. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Writes a JSON document to stdout. Its strings are cleaned; reporters, which clean them themselves, hand in its text. */
  readonly json: (document: unknown) => void;
  readonly jsonText: (text: string) => void;
  readonly paint: Paint;
  /** Of stderr. */
  readonly errorPaint: Paint;
  readonly clean: Clean;
  readonly mask: Mask;
  /** From now on these are masked in all output. */
  readonly hide: (secrets: Iterable<Secret>) => void;
}
