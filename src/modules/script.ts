import { posix } from 'node:path';
import type { Content } from '../core/change.ts';
import type { Decision, Input } from '../core/module.ts';
import type { Sh } from '../core/sh.ts';
import { lines } from '../probes/command.ts';
import { heredoc } from '../shell/heredoc.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { runPlan, runProperties, runReads } from './commands/run-command.ts';
import { shellWords } from './commands/shell-words.ts';
import { defineModule } from './definition/define.ts';
import { inlineLimit } from './files/placing-act.ts';

const { chdir, creates, removes, unless, onlyif, stdin, stdin_add_newline, read_timeout } = runProperties;

/** Runs a script of the project on the host, with the interpreter of its `#!` line. */
export const script = defineModule({
  name: 'script',
  about: 'Runs a script of the project on the host, with the interpreter of its `#!` line.',
  args: {
    properties: {
      cmd: {
        type: 'string',
        pattern: '\\S',
        description:
          "Script, looked up in the role's files/ first, and its arguments in one line; use quotes around arguments with spaces.",
      },
      executable: {
        type: 'string',
        pattern: '\\S',
        description:
          "Interpreter and its arguments, instead of the one in the script's `#!` line. Default: the `#!` line; `/bin/sh` if there is none.",
      },
      chdir,
      creates,
      removes,
      unless,
      onlyif,
      stdin,
      stdin_add_newline,
      read_timeout,
    },
    required: ['cmd'],
  },
  shorthand: 'cmd',
  examples: [
    { name: 'The database is filled', args: { cmd: 'fill.sh --from "/srv/old db"', creates: '/srv/db/filled' } },
    { name: 'The schema is the newest', args: { cmd: 'migrate.py', executable: 'python3 -u', chdir: '/srv/app' } },
  ],
  locals: ({ cmd }) => ({ script: { kind: 'file', src: shellWords(cmd)[0] ?? '' } }),
  reads: (args, _look, input) => runReads({ ...args, readonly: false }, { argv: shellWords(args.cmd) }, input),
  plan: (args, answers, input, before): Decision => {
    const argv = shellWords(args.cmd);
    const decided = runPlan({ ...args, readonly: false }, { argv }, answers, before);
    const text = textOf(input);
    if (text === undefined) {
      return {
        changes: [],
        failed: `${argv[0]} has more than ${inlineLimit / 1024} KiB`,
        hint: 'put it on the host by copy, and run it by command',
      };
    }
    const changes = decided.changes.map((change) => ({
      ...change,
      act: { kind: 'program' as const, script: running(argv, text, args), free: true },
    }));
    return { ...decided, changes };
  },
});

/** Bytes of the script; a string gets LF line ends, regardless of the checkout. */
function textOf({ locals }: Input): Buffer | undefined {
  const content: Content | undefined = locals['script'];
  if (content === undefined) return Buffer.alloc(0);
  const { bytes } = content;
  if (bytes === undefined || bytes.includes(0)) return bytes;
  const text = bytes.toString('latin1');
  return text.includes('\r\n') ? Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1') : bytes;
}

/** Parses the first line as the kernel does: the interpreter, and everything after it as one word (execve(2)). */
function interpreterOf(bytes: Buffer): readonly string[] {
  const first = /^#![ \t]*(\S+)(?:[ \t]+(\S.*?))?[ \t]*(?:\n|$)/.exec(bytes.subarray(0, 1024).toString('utf8'));
  if (first?.[1] === undefined) return ['/bin/sh'];
  return first[2] === undefined ? [first[1]] : [first[1], first[2]];
}

/** The file is accessible only to the account, and removed at the end. The interpreter reads it, because /tmp may be `noexec`. */
function running(
  [src = '', ...words]: readonly string[],
  bytes: Buffer,
  args: {
    readonly executable?: string;
    readonly chdir?: string;
    readonly stdin?: string;
    readonly stdin_add_newline: boolean;
  },
): Sh {
  const name = posix.basename(src.replaceAll('\\', '/'));
  const interpreter = args.executable === undefined ? interpreterOf(bytes) : shellWords(args.executable);
  const newline = args.stdin_add_newline && args.stdin?.endsWith('\n') === false ? '\n' : '';
  const run = sh`${interpreter} "$_directory"/${name} ${words}`;
  return joinSh(
    [
      sh`
        _directory=$(mktemp -d /tmp/.heal-XXXXXXXX) || exit 126
        trap 'rm -rf -- "$_directory"' EXIT
        trap 'exit 129' HUP
        trap 'exit 130' INT
        trap 'exit 143' TERM
      `,
      heredoc(sh`(umask 077; base64 -d >"$_directory"/${name})`, lines(bytes.toString('base64'))),
      sh`[ "$?" = 0 ] || exit 126`,
      ...(args.chdir === undefined ? [] : [sh`cd -- ${args.chdir} || exit`]),
      args.stdin === undefined
        ? run
        : heredoc(
            sh`{ base64 -d | ${run}; }`,
            lines(Buffer.from(`${args.stdin}${newline}`, 'utf8').toString('base64')),
          ),
    ],
    '\n',
  );
}
