import { posix } from 'node:path';
import type { Change } from '../../core/change.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answers, Decision, Input } from '../../core/module.ts';
import type { Question } from '../../core/probe.ts';
import type { Captured } from '../../probes/capture.ts';
import { type CommandLine, command, commandText } from '../../probes/command.ts';
import { type Entry, entry } from '../../probes/entry.ts';
import { withoutLibrary } from '../../shell/library.ts';
import { joinSh } from '../../shell/sh.ts';
import { absolutePath } from '../definition/schemas.ts';

/** Arguments that `command` and `shell` share. */
export const runProperties = {
  chdir: { ...absolutePath, description: 'Directory to run the command in.' },
  creates: { ...absolutePath, description: 'Path on the host. If it exists, the command is not run.' },
  removes: { ...absolutePath, description: 'Path on the host. If it does not exist, the command is not run.' },
  unless: {
    type: 'string',
    minLength: 1,
    description:
      "Read-only shell command. If it exits with 0, the task's command is not run. It also runs in `heal plan`.",
  },
  onlyif: {
    type: 'string',
    minLength: 1,
    description:
      "Read-only shell command. The task's command runs only if this one exits with 0. It also runs in `heal plan`.",
  },
  stdin: { type: 'string', description: 'Standard input of the command.' },
  stdin_add_newline: { type: 'boolean', default: true, description: 'End stdin with a newline.' },
  readonly: {
    type: 'boolean',
    default: false,
    description:
      'Declares that the command changes nothing. It then also runs in `heal plan`, and the task reports `ok` instead of `changed`.',
  },
  read_timeout: {
    type: 'integer',
    minimum: 1,
    default: 60,
    description: 'Timeout of `unless`, `onlyif` and read-only commands, in seconds.',
  },
} as const;

/** The common arguments of `command` and `shell`. */
export interface RunArgs {
  readonly chdir?: string;
  readonly creates?: string;
  readonly removes?: string;
  readonly unless?: string;
  readonly onlyif?: string;
  readonly stdin?: string;
  readonly stdin_add_newline: boolean;
  readonly readonly: boolean;
  readonly read_timeout: number;
}

/** The questions: the conditions (`creates` and the like), or the command itself. */
export type RunReads = {
  readonly creates: Question<Entry> | undefined;
  readonly removes: Question<Entry> | undefined;
  readonly unless: Question<Captured> | undefined;
  readonly onlyif: Question<Captured> | undefined;
  readonly itself: Question<Captured> | undefined;
};

/** The questions of a command. */
export function runReads(args: RunArgs, line: Pick<CommandLine, 'argv' | 'shell'>, input: Input): RunReads {
  const path = (given: string | undefined): Question<Entry> | undefined =>
    given === undefined ? undefined : entry(posix.normalize(given), {}, input.account);
  const test = (shell: string | undefined): Question<Captured> | undefined =>
    shell === undefined ? undefined : command({ shell, ...workingDirectory(args) }, input.account, args.read_timeout);
  return {
    creates: path(args.creates),
    removes: path(args.removes),
    unless: test(args.unless),
    onlyif: test(args.onlyif),
    itself: args.readonly ? command(whole(args, line), input.account, args.read_timeout) : undefined,
  };
}

/** A command is complete when its conditions say so; without conditions it runs each time, and nothing proves it. */
export function runPlan(
  args: RunArgs,
  line: Pick<CommandLine, 'argv' | 'shell'>,
  answers: Answers<RunReads>,
  before: Answers<RunReads> | undefined,
): Decision {
  if (args.creates !== undefined && answers.creates !== undefined) return done(`${args.creates} is there`);
  if (args.removes !== undefined && answers.removes === undefined) return done(`${args.removes} is not there`);
  if (answers.unless !== undefined && answers.unless.code === 0) return done(`\`${firstLine(args.unless)}\` succeeds`);
  if (answers.onlyif !== undefined && answers.onlyif.code !== 0) return done(`\`${firstLine(args.onlyif)}\` fails`);
  if (answers.itself !== undefined) {
    const { code } = answers.itself;
    const result = printed(answers.itself);
    return code === 0 ? { changes: [], result } : { changes: [], result, failed: `exit code ${code}` };
  }
  const proven = [args.creates, args.removes, args.unless, args.onlyif].some((sign) => sign !== undefined);
  if (!proven && before !== undefined) return { changes: [] };
  const change: Change = {
    title: `run ${firstLine(line.shell ?? line.argv?.join(' '))}`,
    sign: '~',
    act: { kind: 'program', script: joinSh([withoutLibrary, commandText(whole(args, line))], '\n'), free: true },
    ...(proven ? {} : { proven: false }),
  };
  return { changes: [change] };
}

/** Output of a command, as `register` gets it. `json` is set if stdout is JSON. */
export function printed({ code, stdout, stderr, truncated }: Captured): JsonObject {
  const out = stdout.toString('utf8').replace(/\r?\n$/, '');
  const errors = stderr.toString('utf8').replace(/\r?\n$/, '');
  const json = parsed(out);
  return {
    rc: code,
    stdout: out,
    stdout_lines: linesOf(out),
    stderr: errors,
    stderr_lines: linesOf(errors),
    truncated,
    ...(json === undefined ? {} : { json }),
  };
}

/** The JSON value of a string that looks like an object or a list. */
export function parsed(text: string): JsonObject[string] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: JsonObject[string] = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function done(message: string): Decision {
  // Ansible's results of a command that was not run have these as well, so that conditions on them are valid.
  return { changes: [], message, result: { rc: 0, stdout: '', stdout_lines: [], stderr: '', stderr_lines: [] } };
}

function whole(args: RunArgs, line: Pick<CommandLine, 'argv' | 'shell'>): CommandLine {
  const newline = args.stdin_add_newline && args.stdin?.endsWith('\n') === false ? '\n' : '';
  return {
    ...line,
    ...workingDirectory(args),
    ...(args.stdin === undefined ? {} : { stdin: `${args.stdin}${newline}` }),
  };
}

function workingDirectory({ chdir }: RunArgs): Pick<CommandLine, 'chdir'> {
  return chdir === undefined ? {} : { chdir };
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/\r?\n/);
}

function firstLine(text = ''): string {
  const [first = '', ...rest] = text.trim().split('\n');
  const cut = first.length > 80 ? `${first.slice(0, 79)}…` : first;
  return rest.length > 0 && cut === first ? `${cut} …` : cut;
}
