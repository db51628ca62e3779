import type { Sh } from '../../src/core/sh.ts';
import { attemptSync, type EndedSync } from '../child.ts';

/** A shell of this or of another machine that scripts of tests run under, with the tools that it has. */
export interface Shell {
  readonly name: string;
  readonly sh: string;
  readonly path: string;
  /** Words that enter another machine: \`nsenter -a -t PID --\`. */
  readonly enter?: readonly string[];
  /** Functions that stand before tools in an act. busybox finds its applets before anything in PATH. */
  readonly functions?: Sh;
}

/** Runs a program of a shell with this input, and throws with the script if it cannot be started or takes too long. */
export function start({ enter = [], path }: Shell, words: readonly string[], input: Sh | Uint8Array): EndedSync {
  const [program = '', ...rest] =
    enter.length > 0 ? [...enter, 'env', '-i', `PATH=${path}`, 'HOME=/root', ...words] : words;
  // `env` takes a process of its own, so it is there only behind what enters another machine, which is found by our own path.
  const own = enter.length > 0 ? {} : { env: { PATH: path, HOME: '/root' } };
  try {
    return attemptSync(program, rest, { input: input instanceof Uint8Array ? input : input.text, ...own });
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : error}\nscript:\n${input instanceof Uint8Array ? '' : input.text.slice(0, 2000)}`,
    );
  }
}
