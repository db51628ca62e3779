import { createHash } from 'node:crypto';
import type { Json } from '../core/json.ts';
import type { Sh } from '../core/sh.ts';
import { sh } from '../shell/sh.ts';

/**
 * A handler that a host is owed. It is written on the host before the change (`intended`) and after it (`landed`), and
 * taken away when the handler succeeded, so that a run that is broken off in between leaves a note for the next one.
 */
export interface Debt {
  readonly project: string;
  readonly play: string;
  readonly role: string;
  readonly handler: string;
  /** The task whose change owes it. */
  readonly task: string;
  /** What the task's questions answered before the change; an `intended` debt counts only if that differs now. */
  readonly digest: string;
}

/** A debt as read back from a host. */
export interface OwedDebt extends Debt {
  readonly status: 'intended' | 'landed';
}

/** Digest of a task's answers, the same wherever and whenever it is made. */
export function digestOf(answers: unknown): string {
  return createHash('sha256').update(JSON.stringify(answers, sortedKeys)).digest('hex');
}

/** The file text of a debt, read back; undefined for one that is not ours or was cut off. */
export function parseDebt(text: string): OwedDebt | undefined {
  const [status, line] = text.split('\n');
  if ((status !== 'intended' && status !== 'landed') || line === undefined) return undefined;
  try {
    const value: Partial<Record<keyof Debt, Json>> = JSON.parse(line);
    const { project, play, role, handler, task, digest } = value;
    const words = [project, play, role, handler, task, digest];
    if (!words.every((word) => typeof word === 'string')) return undefined;
    return { status, project, play, role, handler, task, digest } as OwedDebt;
  } catch {
    return undefined;
  }
}

/** Whether a run of this project and play owes it. */
export function sameOrigin(debt: Debt, project: string, play: string): boolean {
  return debt.project === project && debt.play === play;
}

/**
 * Shell text that notes a debt on the host: written beside and renamed, so that it is whole or not there. What has
 * landed stays so: another task that is about to owe the same handler takes nothing of it back.
 */
export function noteDebt(debt: Debt, status: OwedDebt['status']): Sh {
  const text = `${status}\n${JSON.stringify(debt)}\n`;
  return sh`
    _s=/var/lib/heal/debts _l=; [ "$UID0" = 0 ] || _s=$HOME/.local/state/heal/debts
    [ ! -e "$_s"/${nameOf(debt)}.debt ] || read -r _l <"$_s"/${nameOf(debt)}.debt
    { [ "$_l" = landed ] && [ ${status} = intended ]; } || {
      mkdir -p "$_s" && printf %s ${text} >"$_s"/.${nameOf(debt)} && mv -f "$_s"/.${nameOf(debt)} "$_s"/${nameOf(debt)}.debt
    }
  `;
}

/** Shell text that takes a debt away: its handler ran. */
export function payDebt(debt: Debt): Sh {
  return sh`
    _s=/var/lib/heal/debts; [ "$UID0" = 0 ] || _s=$HOME/.local/state/heal/debts
    rm -f "$_s"/${nameOf(debt)}.debt
  `;
}

/** One file for each handler of a play, whichever of its tasks owes it; the latest task's note stands. */
function nameOf({ project, play, role, handler }: Debt): string {
  return createHash('sha256')
    .update(JSON.stringify([project, play, role, handler]))
    .digest('hex')
    .slice(0, 32);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
