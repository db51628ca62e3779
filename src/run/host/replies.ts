import type { Question, Reply } from '../../core/probe.ts';
import type { State } from '../../core/state.ts';
import type { Group } from './parallel-groups.ts';

/**
 * Splits the output of the parallel groups: `NONCE group ID`, the group's raw output, `NONCE done ID CODE`. The nonce belongs to
 * the program and is unknown to tools that print in between, and to groups of other accounts, which have their own.
 */
export function splitReplies(body: Buffer, groups: readonly Group[]): ReadonlyMap<string, Reply> {
  const replies = new Map<string, Reply>();
  const nonce = body.subarray(1, body.indexOf(' ')).toString('latin1');
  for (const { id, nonce: own = nonce } of groups) {
    const head = Buffer.from(`\n${nonce} group ${id}\n`, 'latin1');
    const foot = Buffer.from(`\n${nonce} done ${id} `, 'latin1');
    const start = body.indexOf(head);
    const end = body.indexOf(foot, start + head.length - 1);
    if (start < 0 || end < 0) continue;
    const code = Number.parseInt(body.subarray(end + foot.length, end + foot.length + 4).toString('latin1'), 10);
    replies.set(id, { nonce: own, output: body.subarray(start + head.length, end), code });
  }
  return replies;
}

/**
 * The answers of a group. If the probe can't read them (a tool printed something else), each item is asked in a group of its own,
 * so that only the faulty item has no answer.
 */
export function parsed(group: Group, reply: Reply): (readonly [Question<unknown>, State<unknown>])[] {
  try {
    const states = group.probe.parse(reply, group.items);
    return group.items.flatMap(({ id, question }) => {
      const state = states.get(id);
      return state === undefined ? [] : [[question, state] as const];
    });
  } catch (error) {
    const why = `the answer of the ${group.probe.name} probe can't be read: ${error instanceof Error ? error.message : error}`;
    return group.items.length > 1
      ? []
      : group.items.map(({ question }) => [question, { kind: 'unavailable', why }] as const);
  }
}

/** `timeout` exits with 124, 137 or 143 (coreutils, with KILL, busybox). */
export function broken(reply: Reply): boolean {
  return reply.code === 124 || reply.code === 137 || reply.code === 143;
}

/** Why a question of a group, asked alone, has no answer: its deadline passed, or what the host said instead. */
export function withoutAnswer(group: Group, replies: ReadonlyMap<string, Reply>): State<unknown> {
  const reply = replies.get(group.id);
  if (reply !== undefined && broken(reply)) return { kind: 'timeout', seconds: group.deadline };
  const words = reply?.output.toString('utf8').trim().split('\n').at(-1);
  return {
    kind: 'unavailable',
    why: words ? `the ${group.probe.name} probe said: ${words}` : `the ${group.probe.name} probe gave no answer`,
  };
}
