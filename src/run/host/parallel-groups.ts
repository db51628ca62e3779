import type { Item, Probe, Question } from '../../core/probe.ts';
import { newNonce } from '../../shell/bootstrap.ts';

/** Questions of one probe and one account that one script asks. */
export interface Group {
  readonly id: string;
  readonly probe: Probe<never, unknown>;
  readonly account: Question<unknown>['account'];
  /** Marks its answers if it runs as another account, which can read the nonces of its own processes and of no others. */
  readonly nonce?: string;
  /** Seconds. */
  readonly deadline: number;
  readonly items: readonly (Item<never> & { readonly question: Question<unknown> })[];
}

/** Slow kinds run in parallel on a host, at most this number: more would slow the host, and not speed up the answer. */
const parallelAtMost = 4;

/** Seconds in addition to all deadlines: for a busy host and a slow line. */
const slack = 30;

/** Seconds for questions asked together. */
const deadlineTogether = 10;

/** A parallel set costs a fork and a file; below this total of milliseconds, one set is faster. */
const worthParallel = 15;

/** Groups questions by kind and account; each question gets an id of its own. `apart` gives each item its own group. */
export function groupQuestions(questions: readonly Question<unknown>[], apart = false): Group[] {
  const byKey = new Map(questions.map((question) => [question.key, question]));
  const gathered = new Map<string, { deadline: number; questions: Question<unknown>[] }>();
  for (const question of byKey.values()) {
    const { probe } = question;
    const together = probe.together !== false && !apart;
    const account = JSON.stringify([question.account.user ?? '', Object.keys(question.account.environment ?? {})]);
    const named = question.account.environment === undefined ? account : `${account}${environmentKey(question)}`;
    const key = JSON.stringify([probe.name, named, together ? '' : question.key]);
    const found = gathered.get(key);
    const deadline = deadlineOf(question);
    if (found === undefined) gathered.set(key, { deadline, questions: [question] });
    else {
      found.questions.push(question);
      found.deadline = Math.max(found.deadline, deadline);
    }
  }
  return [...gathered.values()].flatMap(({ deadline, questions: asked }, index) => {
    const first = asked[0];
    if (first === undefined) return [];
    return {
      id: `g${index}`,
      probe: first.probe as Probe<never, unknown>,
      account: first.account,
      ...(first.account.user === undefined ? {} : { nonce: newNonce() }),
      // Several items answer quickly or one of them hangs; a single item gets the full time that its probe allows.
      deadline: asked.length > 1 ? Math.min(deadlineTogether, deadline) : deadline,
      items: asked.map((question, place) => ({ id: `i${index}x${place}`, params: question.params as never, question })),
    };
  });
}

/** Divides groups into sets that run in parallel, the most expensive first, each to the set that is free soonest. */
export function parallelGroups(groups: readonly Group[]): Group[][] {
  const total = groups.reduce((sum, group) => sum + group.probe.cost, 0);
  const dearest = Math.max(0, ...groups.map((group) => group.probe.cost));
  const count = Math.max(
    1,
    Math.min(parallelAtMost, groups.length, total - dearest < worthParallel ? 1 : parallelAtMost),
  );
  const spread = Array.from({ length: count }, () => ({ cost: 0, groups: [] as Group[] }));
  for (const group of [...groups].sort((a, b) => b.probe.cost - a.probe.cost)) {
    const soonest = spread.reduce((best, one) => (one.cost < best.cost ? one : best));
    soonest.groups.push(group);
    soonest.cost += group.probe.cost;
  }
  return spread.map((one) => one.groups).filter((one) => one.length > 0);
}

/** Seconds within which the answers to all groups must arrive: each set takes at most the sum of its deadlines. */
export function answersWithin(groups: readonly Group[]): number {
  const sums = parallelGroups(groups).map((set) => set.reduce((sum, { deadline }) => sum + deadline, 0));
  return Math.max(0, ...sums) + slack;
}

function deadlineOf({ probe, params }: Question<unknown>): number {
  return typeof probe.deadline === 'number' ? probe.deadline : probe.deadline(params as never);
}

function environmentKey({ account }: Question<unknown>): string {
  return JSON.stringify(
    Object.entries(account.environment ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.reveal(),
    ]),
  );
}
