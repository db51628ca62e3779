import { homedir } from 'node:os';
import { masker, type Secret } from '../core/secret.ts';
import { cleaner } from '../report/clean.ts';
import { painter } from '../report/paint.ts';
import type { Interrupt } from './interrupt.ts';
import type { Package } from './package-root.ts';
import { terminalOf } from './terminal.ts';
import type { World } from './world.ts';

/** The World of this process. */
export function realWorld(found: Package, interrupt: Interrupt): World {
  const { env, stdout, stderr } = process;
  const terminal = terminalOf(stdout, env);
  const hidden: Secret[] = [];
  let masked = masker(hidden);
  const mask = (text: string): string => masked(text);
  return {
    cwd: process.cwd(),
    home: homedir(),
    env,
    package: found,
    interrupt,
    now: () => performance.now(),
    stdout,
    terminal,
    out: writer(stdout, mask),
    err: writer(stderr, mask),
    paint: painter(terminal.colour),
    errorPaint: painter(terminalOf(stderr, env).colour),
    clean: cleaner(mask),
    mask,
    hide: (secrets) => {
      hidden.push(...secrets);
      masked = masker(hidden);
    },
  };
}

/** Masks what is written. A reader that went away (`heal ... | head`) is no reason to stop a run half way. */
function writer(stream: NodeJS.WriteStream, mask: (text: string) => string): (text: string) => void {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    gone = true;
    // A full disk or a closed stream can't be told to anybody, either.
    if (error.code !== 'EPIPE' && process.exitCode === undefined) process.exitCode = 1;
  });
  return (text) => {
    if (!gone) stream.write(mask(text));
  };
}
