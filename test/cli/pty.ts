import { tmpdir } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { startChild } from '../child.ts';

/** What stands on a terminal, and what is then typed; a line end is typed after it. */
export type Dialogue = readonly (readonly [shown: string | RegExp, typed: string])[];

/** What a command in a terminal has shown, and how it ended. */
export interface Session {
  readonly code: number | null;
  /** Without the control characters of the terminal. */
  readonly text: string;
  /** All bytes, as they came. */
  readonly raw: string;
}

/**
 * Runs heal in a terminal of its own, which script(1) makes. Each answer is typed once its question stands there, after
 * the answer before it.
 *
 * @throws Error when a question did not come
 */
export async function runInTerminal(
  entry: string,
  args: readonly string[],
  { cwd, env, dialogue }: { cwd: string; env?: Readonly<Record<string, string>>; dialogue: Dialogue },
): Promise<Session> {
  const { PATH = '', TMPDIR = tmpdir() } = process.env;
  const command = [process.execPath, entry, ...args].map((word) => `'${word}'`).join(' ');
  const { child, ended } = startChild('script', ['-qec', `stty cols 100 rows 30; exec ${command}`, '/dev/null'], {
    cwd,
    env: { PATH, TMPDIR, HOME: cwd, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdin: 'pipe',
  });
  const left = [...dialogue];
  let raw = '';
  let seen = 0;
  child.stdout?.on('data', (bytes: Buffer) => {
    raw += bytes.toString('utf8');
    for (;;) {
      const [shown, typed] = left[0] ?? [];
      if (shown === undefined) return;
      const rest = raw.slice(seen);
      const at = typeof shown === 'string' ? rest.indexOf(shown) : (shown.exec(rest)?.index ?? -1);
      if (at === -1) return;
      left.shift();
      seen = raw.length;
      child.stdin?.write(`${typed}\r`);
    }
  });
  const { code } = await ended;
  if (left.length > 0) throw new Error(`it did not ask ${left[0]?.[0]}, but showed:\n${raw}`);
  return { code, text: stripVTControlCharacters(raw).replaceAll('\r', ''), raw };
}
