import { posix } from 'node:path';
import type { Answers } from '../core/module.ts';
import type { Misuse } from '../core/playbook.ts';
import type { Question } from '../core/probe.ts';
import { crontab as ask, type Crontab } from '../probes/crontab.ts';
import type { Entry } from '../probes/entry.ts';
import { type CronJob, cronFile, specials } from './cron/cron-text.ts';
import { crontabPlan, crontabUser } from './cron/crontab-changes.ts';
import { defineModule } from './definition/define.ts';
import { contentOfText, type PlacedReads, placedPlan, placedReads, systemFile } from './files/placed-file.ts';
import { removedPlan, removedReads } from './files/removal.ts';

const field = (what: string) =>
  ({
    anyOf: [
      { type: 'string', pattern: '^[A-Za-z0-9*,/~-]+$' },
      { type: 'integer', minimum: 0 },
    ],
    default: '*',
    description: `${what} of the schedule, as in Ansible.`,
  }) as const;

/** Manages a cron job: a file in /etc/cron.d, or an entry in the crontab of an account. */
export const cron = defineModule({
  name: 'cron',
  about: 'Manages a cron job: a file in /etc/cron.d, or an entry in the crontab of an account.',
  args: {
    properties: {
      name: {
        type: 'string',
        pattern: '^[^\\n\\r]+$',
        description:
          'Name of the file in /etc/cron.d (without dots: cron ignores such files), or of the entry in the crontab.',
      },
      job: {
        type: 'string',
        pattern: '^[^\\n\\r]*\\S[^\\n\\r]*\\n*$',
        description: 'Command line as cron reads it: write a literal % as \\%.',
      },
      user: {
        type: 'string',
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*\\$?$',
        description:
          'User that runs the job. Default: root. With `crontab: true`: user whose crontab is managed; default: the user of the task.',
      },
      schedule: {
        type: 'string',
        pattern: '^(@[a-z]+|\\S+([ \\t]+\\S+){4})$',
        description: 'Five cron fields, or a name such as @daily.',
      },
      special_time: { enum: specials, description: 'Alternative to `schedule`.' },
      minute: field('Minute'),
      hour: field('Hour'),
      day: field('Day of the month'),
      month: field('Month'),
      weekday: field('Day of the week'),
      env: {
        type: 'object',
        additionalProperties: { type: 'string', pattern: '^[^\\n\\r]*$' },
        description:
          'Environment variables of the job. Default `PATH`: /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin. Not allowed with `crontab: true`.',
      },
      disabled: { type: 'boolean', default: false, description: 'Keep the job, but commented out.' },
      crontab: {
        type: 'boolean',
        default: false,
        description: 'Manage an entry in the crontab of the account, with the marker that Ansible uses.',
      },
      state: { enum: ['present', 'absent'], default: 'present' },
    },
    required: ['name'],
  },
  examples: [
    {
      name: 'The snapshot is taken every hour',
      args: { name: 'app-snapshot', schedule: '7 * * * *', job: '/usr/local/sbin/app-snapshot' },
    },
    {
      name: "The old job is gone from root's crontab",
      args: { name: 'poll for flags', crontab: true, state: 'absent' },
    },
  ],
  misuse: (args) => misuse(args),
  reads: (args, look, input): CronReads => {
    if (args.crontab) return { ...nothing, crontab: ask(crontabUser(args.user, input), input.account) };
    if (args.state === 'absent') return { ...nothing, ...removedReads(pathOf(args.name), input) };
    return {
      ...nothing,
      ...placedReads(systemFile(pathOf(args.name)), contentOfText(cronFile(args)), undefined, look, input),
    };
  },
  plan: (args, answers: Answers<CronReads>, input) => {
    if (args.crontab) return crontabPlan(args, answers.crontab, input);
    if (args.state === 'absent') return removedPlan(pathOf(args.name), answers.entry, input);
    const decided = placedPlan(systemFile(pathOf(args.name)), contentOfText(cronFile(args)), undefined, answers, input);
    return decided.failed === 'there is no directory /etc/cron.d'
      ? { changes: [], failed: 'there is no /etc/cron.d on this host', hint: 'install cron' }
      : decided;
  },
});

type CronReads = { readonly [K in keyof PlacedReads]: PlacedReads[K] | undefined } & {
  readonly entry: Question<Entry> | undefined;
  readonly crontab: Question<Crontab> | undefined;
};

const nothing = {
  owner: undefined,
  group: undefined,
  parent: undefined,
  self: undefined,
  content: undefined,
  entry: undefined,
  crontab: undefined,
};

function misuse(args: CronJob & { readonly crontab: boolean; readonly state: string }): Misuse | undefined {
  if (!args.crontab && !/^[A-Za-z0-9_-]+$/.test(args.name)) {
    return {
      argument: 'name',
      message: `cron would not read a file called "${args.name}"`,
      hint: 'name it by letters, digits, - and _, or keep it in a crontab by crontab: true',
    };
  }
  if (args.state === 'present' && args.job === undefined) return { message: 'cron needs a job' };
  if (args.crontab && args.env !== undefined) {
    return {
      argument: 'env',
      message: 'env is for a file in /etc/cron.d',
      hint: 'set variables in the job itself: NAME=value command',
    };
  }
  return undefined;
}

function pathOf(name: string): string {
  return posix.join('/etc/cron.d', name);
}
