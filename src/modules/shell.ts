import { runPlan, runProperties, runReads } from './commands/run-command.ts';
import { defineModule } from './definition/define.ts';

/** Runs a command line in the host's POSIX shell. */
export const shell = defineModule({
  name: 'shell',
  about: "Runs a command line in the host's POSIX shell.",
  args: {
    properties: { cmd: { type: 'string', minLength: 1, description: 'Command line for sh.' }, ...runProperties },
    required: ['cmd'],
  },
  shorthand: 'cmd',
  examples: [
    {
      name: 'The list is sorted',
      args: { cmd: 'sort list >list.new && mv list.new list', chdir: '/srv/app', unless: 'sort -c list' },
    },
  ],
  reads: (args, _look, input) => runReads(args, { shell: args.cmd }, input),
  plan: (args, answers, _input, before) => runPlan(args, { shell: args.cmd }, answers, before),
});
