import { createHash } from 'node:crypto';
import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Sh } from '../core/sh.ts';
import { absent, present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';

/** An account's crontab. */
export interface Crontab {
  readonly text: string;
}

interface CrontabParams {
  /** Undefined is the account of the task. */
  readonly user: string | undefined;
}

/** An account's crontab, as `crontab -l` prints it. */
export const crontabProbe = defineProbe<CrontabParams, Crontab>({
  name: 'crontab',
  about: "The text of an account's crontab.",
  cost: 5,
  deadline: 20,
  key: ({ user }) => user ?? '',
  scopes: ({ user }) => [user === undefined ? 'crontabs' : `crontab:${user}`, 'packages', 'tree:/var/spool/cron'],
  ask: (items) => joinSh(items.map(askOne), '\n'),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    return new Map(
      items.flatMap(({ id }): [string, State<Crontab>][] => {
        const ended = said.get(`end-${id}`)?.toString('utf8').trim();
        const text = said.get(`crontab-${id}`)?.toString('utf8') ?? '';
        return ended === undefined ? [] : [[id, stateOf(ended, text)]];
      }),
    );
  },
  guard: ({ user }, state) => {
    const text = state.kind === 'present' ? state.value.text : '';
    const sum = `${createHash('sha256').update(text).digest('hex')}  -`;
    return sh`[ "$(${crontabCommand(user)} -l 2>/dev/null | sha256sum)" = ${sum} ]`;
  },
});

/** Asks for the crontab of an account, or of the account that runs the task. */
export function crontab(user: string | undefined, account: Account = {}): Question<Crontab> {
  return question(crontabProbe, { user }, account);
}

/** `crontab` for an account; only root may specify one. */
export function crontabCommand(user: string | undefined): Sh {
  return user === undefined ? sh`crontab` : sh`crontab -u ${user}`;
}

function askOne({ id, params }: Item<CrontabParams>): Sh {
  return sh`
    printf '\n%s crontab-%s\n' "$N" ${id}
    if command -v crontab >/dev/null; then
      { e=$(${crontabCommand(params.user)} -l 2>&1 >&8); r=$?; } 8>&1
    else
      r=127
    fi
    printf '\n%s end-%s\n%s %s\n' "$N" ${id} "$r" "$e"
  `;
}

function stateOf(ended: string, text: string): State<Crontab> {
  const [code = '', ...words] = ended.split(' ');
  if (code === '0') return present({ text });
  const why = words.join(' ').split('\n')[0] ?? '';
  if (code === '127') return { kind: 'unavailable', why: 'the host has no crontab: install cron' };
  // cronie, Debian's cron, busybox.
  if (/no crontab for|can't open '[^']*': No such file/.test(why)) return absent;
  if (/must be privileged|permission|not allowed/i.test(why)) return { kind: 'denied', why };
  return { kind: 'unavailable', why: why === '' ? 'crontab gave no answer' : why };
}
