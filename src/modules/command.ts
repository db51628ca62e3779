import type { CommandLine } from '../probes/command.ts';
import { runPlan, runProperties, runReads } from './commands/run-command.ts';
import { shellWords } from './commands/shell-words.ts';
import { defineModule } from './definition/define.ts';

/** Runs a program on the host without a shell; its arguments are passed unchanged. */
export const command = defineModule({
  name: 'command',
  about: 'Runs a program on the host without a shell; its arguments are passed unchanged.',
  args: {
    properties: {
      cmd: {
        type: 'string',
        minLength: 1,
        description: 'Program and arguments in one line; use quotes around arguments with spaces.',
      },
      argv: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'Program and arguments as a list, instead of `cmd`.',
      },
      ...runProperties,
    },
    required: [],
  },
  shorthand: 'cmd',
  examples: [
    { name: 'The database exists', args: { cmd: 'initdb /srv/db', creates: '/srv/db/PG_VERSION' } },
    { name: 'It is known who is logged in', args: { cmd: 'who', readonly: true } },
  ],
  reads: (args, _look, input) => runReads(args, lineOf(args), input),
  plan: (args, answers, _input, before) =>
    (args.cmd === undefined) === (args.argv === undefined)
      ? { changes: [], failed: 'command needs either cmd or argv' }
      : runPlan(args, lineOf(args), answers, before),
});

function lineOf(args: { readonly cmd?: string; readonly argv?: readonly string[] }): Pick<CommandLine, 'argv'> {
  return { argv: args.argv ?? shellWords(args.cmd ?? '') };
}
