import { createHash } from 'node:crypto';
import type { Json } from '../../core/json.ts';
import type { Sh } from '../../core/sh.ts';
import { sh } from '../../shell/sh.ts';

/**
 * A handler that must run on a host. It is recorded on the host before the change (`intended`) and after it (`landed`), and
 * removed when the handler succeeded, so that an interrupted run leaves it to the next one.
 */
export interface PendingHandler {
  readonly project: string;
  readonly play: string;
  readonly role: string;
  readonly handler: string;
  /** The task whose change notifies it. */
  readonly task: string;
  /** The answers to the task's questions before the change; an `intended` handler counts only if they differ now. */
  readonly digest: string;
}

/** A pending handler as read back from a host. */
export interface RecordedHandler extends PendingHandler {
  readonly status: 'intended' | 'landed';
}

/** Digest of a task's answers, always the same for the same answers. */
export function digestOf(answers: unknown): string {
  return createHash('sha256').update(JSON.stringify(answers, sortedKeys)).digest('hex');
}

/** Reads a record back; undefined if heal did not write it or if it is incomplete. */
export function parseRecorded(text: string): RecordedHandler | undefined {
  const [status, line] = text.split('\n');
  if ((status !== 'intended' && status !== 'landed') || line === undefined) return undefined;
  try {
    const value: Partial<Record<keyof PendingHandler, Json>> = JSON.parse(line);
    const { project, play, role, handler, task, digest } = value;
    const words = [project, play, role, handler, task, digest];
    if (!words.every((word) => typeof word === 'string')) return undefined;
    return { status, project, play, role, handler, task, digest } as RecordedHandler;
  } catch {
    return undefined;
  }
}

/** Whether a run of this project and play recorded it. */
export function sameOrigin(handler: PendingHandler, project: string, play: string): boolean {
  return handler.project === project && handler.play === play;
}

/**
 * Shell text that records a pending handler on the host: written to a new file and renamed, so that it is complete or absent. A
 * `landed` record stays `landed`, also if another task is about to notify the same handler.
 */
export function recordPending(handler: PendingHandler, status: RecordedHandler['status']): Sh {
  const text = `${status}\n${JSON.stringify(handler)}\n`;
  return sh`
    _s=/var/lib/heal/pending-handlers _l=; root || _s=$HOME/.local/state/heal/pending-handlers
    [ ! -e "$_s"/${nameOf(handler)}.handler ] || read -r _l <"$_s"/${nameOf(handler)}.handler
    { [ "$_l" = landed ] && [ ${status} = intended ]; } || {
      mkdir -p "$_s" && printf %s ${text} >"$_s"/.${nameOf(handler)} && mv -f "$_s"/.${nameOf(handler)} "$_s"/${nameOf(handler)}.handler
    }
  `;
}

/** Shell text that removes the record of a handler that ran. */
export function clearPending(handler: PendingHandler): Sh {
  return sh`
    _s=/var/lib/heal/pending-handlers; root || _s=$HOME/.local/state/heal/pending-handlers
    rm -f "$_s"/${nameOf(handler)}.handler
  `;
}

/** One file for each handler of a play, whichever of its tasks notifies it; the latest task's record replaces the others. */
function nameOf({ project, play, role, handler }: PendingHandler): string {
  return createHash('sha256')
    .update(JSON.stringify([project, play, role, handler]))
    .digest('hex')
    .slice(0, 32);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
