import { randomBytes } from 'node:crypto';
import type { Sh } from '../core/sh.ts';

/**
 * The command with the script as its standard input: `command <<'WORD'`. The shell expands nothing in the script (POSIX.1-2017,
 * 2.7.4), and no line of it can end it, because the word is random. Unlike an argument, it appears in no process list.
 */
export function heredoc(command: Sh, script: Sh): Sh {
  const word = `HEAL_${randomBytes(8).toString('hex')}`;
  return {
    kind: 'sh',
    text: `${command.text} <<'${word}'\n${script.text}\n${word}`,
    shown: `${command.shown} <<'${word}'\n${script.shown}\n${word}`,
  };
}
