import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Module } from '../../src/core/module.ts';
import { type Converged, converge, type inputOf, type Shell, scratch } from './on-this-machine.ts';

/** The directory of a test, and what modules make there. */
interface ScratchFiles {
  readonly directory: string;
  /** The path of a name in the directory. */
  readonly at: (name: string) => string;
  readonly modeOf: (name: string) => string;
  readonly run: (module: Module, args: JsonObject, more?: Parameters<typeof inputOf>[0]) => Converged;
}

/** Registers a directory for each test, and returns what applies modules there under a shell. */
export function scratchFiles(shell: Shell): ScratchFiles {
  let scratchDirectory = '';
  const at = (name: string): string => join(scratchDirectory, name);
  const modeOf = (name: string): string => (lstatSync(at(name)).mode & 0o7777).toString(8).padStart(4, '0');
  const run = (module: Module, args: JsonObject, more: Parameters<typeof inputOf>[0] = {}) =>
    converge(shell, module, args, more);
  beforeEach(() => {
    scratchDirectory = scratch();
  });
  afterEach(() => rmSync(scratchDirectory, { recursive: true, force: true }));
  return {
    get directory() {
      return scratchDirectory;
    },
    at,
    modeOf,
    run,
  };
}
