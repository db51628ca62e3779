import { homedir } from 'node:os';
import type { Json } from '../core/json.ts';
import { masker, type Secret } from '../core/secret.ts';
import { cleaner } from '../report/clean.ts';
import { jsonDocument } from '../report/json-document.ts';
import { painter } from '../report/paint.ts';
import type { Interrupt } from './interrupt.ts';
import type { Package } from './package-root.ts';
import { terminalOf } from './terminal.ts';
import type { World } from './world.ts';

/** The World of this process. */
export function realWorld(found: Package, interrupt: Interrupt): World {
  const { env, stdout, stderr } = process;
  const terminal = terminalOf(stdout, env);
  const hidden = new Map<string, Secret>();
  let masked = masker([]);
  const mask = (text: string): string => masked(text);
  const clean = cleaner(mask);
  const jsonText = writer(stdout, (text) => text);
  return {
    cwd: process.cwd(),
    home: homedir(),
    env,
    package: found,
    interrupt,
    now: () => performance.now(),
    stdout,
    terminal,
    json: (document) => {
      for (const piece of jsonDocument(document as Json, clean)) jsonText(piece);
    },
    jsonText,
    out: writer(stdout, mask),
    err: writer(stderr, mask),
    paint: painter(terminal.colour),
    errorPaint: painter(terminalOf(stderr, env).colour),
    clean,
    mask,
    hide: (secrets) => {
      const before = hidden.size;
      for (const secret of secrets) hidden.set(secret.reveal(), secret);
      if (hidden.size > before) masked = masker(hidden.values());
    },
  };
}

/** Masks the output. A reader that ended (`heal ... | head`) is not a reason to stop a run half way. */
function writer(stream: NodeJS.WriteStream, mask: (text: string) => string): (text: string) => void {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    gone = true;
    // A full disk or a closed stream can't be reported, either.
    if (error.code !== 'EPIPE' && process.exitCode === undefined) process.exitCode = 1;
  });
  return (text) => {
    if (!gone) stream.write(mask(text));
  };
}
