import { predicts } from '../../core/change.ts';
import type { Decision, Input } from '../../core/module.ts';
import { present } from '../../core/state.ts';
import { lines } from '../../probes/command.ts';
import { type Crontab, crontab, crontabCommand } from '../../probes/crontab.ts';
import { heredoc } from '../../shell/heredoc.ts';
import { sh } from '../../shell/sh.ts';
import { type CronJob, withEntry } from './cron-text.ts';

/** The account of the crontab: undefined is the account of the task, because only root may specify another. */
export function crontabUser(given: string | undefined, input: Input): string | undefined {
  const self = input.account.user ?? input.facts.user;
  return given === undefined || given === self ? undefined : given;
}

/** Computes the changes that add the job to an account's crontab, or remove it. The rest of it is kept unchanged. */
export function crontabPlan(
  args: CronJob & { readonly state: 'present' | 'absent' },
  there: Crontab | undefined,
  input: Input,
): Decision {
  const before = there?.text ?? '';
  const after = withEntry(before, args, args.state === 'present');
  if (after === before || (after === '' && there === undefined)) return { changes: [] };
  const user = crontabUser(args.user, input);
  const whose = `the crontab of ${user ?? input.account.user ?? input.facts.user}`;
  const question = crontab(user, input.account);
  const script = heredoc(
    sh`{ base64 -d | ${crontabCommand(user)} - || exit 1; }`,
    lines(Buffer.from(after, 'utf8').toString('base64')),
  );
  const entry = `"${args.name}" ${args.state === 'present' ? 'in' : 'from'} ${whose}`;
  const known = before.includes(`#Ansible: ${args.name}\n`);
  return {
    changes: [
      {
        title: args.state === 'absent' ? `remove ${entry}` : `${known ? 'update' : 'put'} ${entry}`,
        sign: args.state === 'absent' ? '-' : known ? '~' : '+',
        diff: { before, after, beforeName: whose, afterName: whose },
        expects: [question],
        act: { kind: 'program', script: script },
        predicts: [predicts(question, present({ text: after }))],
        touches: [user === undefined ? 'crontabs' : `crontab:${user}`, 'tree:/var/spool/cron'],
      },
    ],
  };
}
