import { type Account, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { present } from '../core/state.ts';
import { heredoc } from '../shell/heredoc.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { type Captured, captured, readCaptured } from './capture.ts';
import { defineProbe } from './define.ts';

/** A command, either as words or as a string for the shell. */
export interface CommandLine {
  readonly argv?: readonly string[];
  readonly shell?: string;
  /** Directory to run it in. */
  readonly chdir?: string;
  /** Its standard input; default nothing. */
  readonly stdin?: string;
}

interface CommandParams extends CommandLine {
  /** Seconds. */
  readonly timeout: number;
}

/** Maximum bytes of each of stdout and stderr. */
const limit = 1024 * 1024;

/** Runs a command that only reads. heal does not know what it reads, so every change invalidates its answer. */
export const commandProbe = defineProbe<CommandParams, Captured>({
  name: 'command',
  about: 'The exit code and output of a command that only reads.',
  cost: 20,
  deadline: ({ timeout }) => timeout,
  together: false,
  key: (params) => JSON.stringify([params.argv, params.shell, params.chdir, params.stdin]),
  scopes: () => ['everything'],
  ask: (items) =>
    joinSh(
      items.map(({ params }) => captured(commandText(params), limit)),
      '\n',
    ),
  parse: (reply, items) => {
    const answer = readCaptured(reply, limit);
    return new Map(answer === undefined ? [] : items.map(({ id }) => [id, present(answer)]));
  },
});

/** Asks for a read-only command's exit code and output; `timeout` in seconds (default 30). */
export function command(line: CommandLine, account: Account = {}, timeout = 30): Question<Captured> {
  return question(commandProbe, { ...line, timeout }, account);
}

/**
 * The command as shell text that runs it in the current (sub)shell. A shell string is run with `eval`, so that it appears
 * in no process list and cannot break out of its context; for the same reason its stdin is a here-document.
 */
export function commandText({ argv, shell, chdir, stdin }: CommandLine): Sh {
  const parts = joinSh(
    [
      sh`umask 022`,
      ...(chdir === undefined ? [] : [sh`cd -- ${chdir} || exit`]),
      shell === undefined ? sh`${argv ?? []}` : sh`eval ${shell}`,
    ],
    '\n',
  );
  if (stdin === undefined) return parts;
  const run = sh`
    { base64 -d | {
    ${parts}
    } }`;
  return heredoc(run, lines(Buffer.from(stdin, 'utf8').toString('base64')));
}

/** Base64 as text of a here-document, in lines of 76 characters: it contains nothing that a shell would interpret. */
export function lines(base64: string): Sh {
  const text = base64.replace(/.{76}(?=.)/g, '$&\n');
  return { kind: 'sh', text, shown: '***' };
}
