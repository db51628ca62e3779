import { masker, Secret } from '../../src/core/secret.ts';
import { cleaner } from '../../src/report/clean.ts';
import { painter } from '../../src/report/paint.ts';
import type { Look } from '../../src/report/reporter.ts';

/** A Look without colours; `secrets` are masked. */
export function look(some: Partial<Look> = {}, ...secrets: string[]): Look {
  return {
    clean: cleaner(masker(secrets.map((value) => new Secret(value)))),
    paint: painter(false),
    verbose: 0,
    diff: false,
    checks: false,
    columns: 80,
    ...some,
  };
}
