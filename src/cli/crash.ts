import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { HealError } from '../core/errors.ts';
import type { Mask } from '../core/secret.ts';
import { withSourcePositions } from './source-positions.ts';
import type { World } from './world.ts';

/**
 * Writes the details of a bug of heal to `.heal/crash-TIME.txt` in the first writable directory (the
 * project's, then the system's for temporary files). Returns its path, or undefined if none is writable.
 */
export function writeCrash(
  error: unknown,
  about: readonly string[],
  directory: string,
  mask: Mask,
): string | undefined {
  const time = new Date().toISOString();
  const name = `crash-${time.replaceAll(':', '-').replace(/\.\d+Z$/, 'Z')}.txt`;
  // `inspect` follows causes and prints a Secret as ***.
  const text = mask([time, ...about, '', withSourcePositions(inspect(error, { depth: 4 })), ''].join('\n'));
  const places = [
    () => mkdirs(join(directory, '.heal')),
    // A name that others can't guess: any account may create files in the directory for temporary files.
    () => mkdtempSync(join(tmpdir(), 'heal-')),
  ];
  for (const place of places) {
    try {
      const file = join(place(), name);
      writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
      return file;
    } catch {
      // Try the next one.
    }
  }
  return undefined;
}

/** The lines of a crash file with the command line and the versions. */
export function aboutRun(version: string, args: readonly string[]): readonly string[] {
  return [`heal ${version}, node ${process.version}, ${process.platform}`, `heal ${withoutValues(args).join(' ')}`];
}

/** Arguments without the values of variables, which may be passwords: the file is meant to be sent to others. */
function withoutValues(args: readonly string[]): string[] {
  const flag = '(?:-[A-Za-z]*?e|--extra-vars)';
  return args.map((arg, index) => {
    if (new RegExp(`^${flag}$`).test(args[index - 1] ?? '')) return withoutValue(arg);
    return arg.replace(new RegExp(`^(${flag}=?)([^=-].*)$`, 's'), (_, name, value) => name + withoutValue(value));
  });
}

/** `name=value`, JSON, or `@file`: only a name is shown, or a file. */
function withoutValue(text: string): string {
  return text.startsWith('@') ? text : text.replace(/^(\w+=)?.*$/s, '$1***');
}

/** A bug of heal that occurred on one host: it is written to a crash file, and only that host fails with it. */
export function bugError(error: unknown, world: World): HealError {
  const file = writeCrash(error, aboutRun(world.package.version, process.argv.slice(2)), world.cwd, world.mask);
  const what = error instanceof Error ? error.message : String(error);
  const hint = file === undefined ? undefined : `please report it with ${file}`;
  return new HealError('failed', `this is a bug of heal: ${what}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function mkdirs(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
