import type { Connection, Frame } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import type { Question, Reply } from '../../core/probe.ts';
import type { State } from '../../core/state.ts';
import { openLock } from '../../shell/run-lock.ts';
import { answersWithin, type Group, groupQuestions } from './parallel-groups.ts';
import { type ActStep, movedCode, type Program, programText } from './program.ts';
import { broken, parsed, splitReplies, withoutAnswer } from './replies.ts';

/** The result of an act on the host. */
export interface ActDone {
  readonly id: string;
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** More than 1 MiB was printed; the rest was drained. */
  readonly truncated: boolean;
  readonly timedOut: boolean;
  /** A guard failed: the state was changed since it was read, and the act did nothing. */
  readonly moved: boolean;
}

/** The result of a program. */
export interface Exchanged {
  /** In order; those after one that failed are missing. */
  readonly acts: readonly ActDone[];
  readonly answers: ReadonlyMap<Question<unknown>, State<unknown>>;
  /** Another run had the lock: this run has it now, and nothing was changed or asked. */
  readonly stale?: boolean;
}

/** Callbacks while a program runs. */
export interface Watch {
  readonly started?: (act: ActStep) => void;
  readonly ended?: (act: ActDone) => void;
  /** Another run has the lock. */
  readonly waits?: (holder: string) => void;
  /** This host does not support the lock. */
  readonly unlocked?: () => void;
}

/** The parts of a program besides questions: changes and notes. */
export type Work = Omit<Program, 'groups'>;

/**
 * Sends one program: changes, then questions. A group that fails (its deadline passed, its answer is invalid) is
 * asked again item by item, so that only the faulty item has no answer.
 */
export async function exchange(
  connection: Connection,
  work: Work,
  questions: readonly Question<unknown>[],
  signal: AbortSignal,
  watch: Watch = {},
): Promise<Exchanged> {
  const groups = groupQuestions(questions);
  const first = await send(connection, { ...work, groups }, signal, watch);
  if (first.stale) return { acts: [], answers: new Map(), stale: true };
  const answers = new Map(first.answers);

  // A question that had the full time of its own group and was not answered is not asked again.
  for (const group of groups) {
    const reply = first.replies.get(group.id);
    const question = group.items[0]?.question;
    if (group.items.length !== 1 || question === undefined || reply === undefined || !broken(reply)) continue;
    answers.set(question, withoutAnswer(group, first.replies));
  }
  const answered = new Set([...answers.keys()].map((question) => question.key));
  const open = questions.filter((question) => !answered.has(question.key));
  if (open.length > 0) {
    const alone = groupQuestions(open, true);
    const second = await send(connection, { acts: [], groups: alone }, signal, {});
    for (const [question, state] of second.answers) answers.set(question, state);
    for (const group of alone) {
      const question = group.items[0]?.question;
      if (question !== undefined && !answers.has(question)) answers.set(question, withoutAnswer(group, second.replies));
    }
  }
  // Two modules may ask the same question with two Question objects.
  const byKey = new Map([...answers].map(([question, state]) => [question.key, state]));
  for (const question of questions) {
    const state = byKey.get(question.key);
    if (state !== undefined) answers.set(question, state);
  }
  return { acts: first.acts, answers };
}

interface Sent {
  readonly acts: readonly ActDone[];
  readonly answers: ReadonlyMap<Question<unknown>, State<unknown>>;
  readonly replies: ReadonlyMap<string, Reply>;
  readonly stale: boolean;
}

async function send(connection: Connection, program: Program, signal: AbortSignal, watch: Watch): Promise<Sent> {
  const acts: ActDone[] = [];
  const streams = new Map<string, Buffer>();
  const steps = new Map(program.acts.map((step) => [step.id, step]));
  let replies: ReadonlyMap<string, Reply> | undefined;
  let stale = false;
  const limit = answersLimit(connection.host, program.groups);

  if (program.lock !== undefined) connection.load(openLock(program.lock));
  const done = connection.run(
    programText(program),
    (frame: Frame) => {
      switch (frame.kind) {
        case 'start': {
          const step = steps.get(frame.id);
          if (step !== undefined) watch.started?.(step);
          break;
        }
        case 'out':
        case 'err':
          expected(steps.has(frame.id) && !streams.has(`${frame.kind} ${frame.id}`), frame);
          streams.set(`${frame.kind} ${frame.id}`, frame.body);
          break;
        case 'act': {
          expected(steps.has(frame.id) && acts.every(({ id }) => id !== frame.id), frame);
          const act = actDone(frame, streams, steps.get(frame.id)?.nonce);
          acts.push(act);
          // The first failed act ends the acts.
          if (acts.length === program.acts.length || act.code !== 0) limit.begin();
          watch.ended?.(act);
          break;
        }
        case 'answers':
          expected(replies === undefined, frame);
          replies = splitReplies(frame.body, program.groups);
          break;
        case 'waits':
          watch.waits?.(frame.body.toString('utf8'));
          break;
        case 'unlocked':
          watch.unlocked?.();
          break;
        case 'stale':
          stale = true;
          break;
        case 'busy':
          // This kind ends the host's part of the run: the next task would only wait again.
          throw new HealError('error', `another run is changing this host: ${frame.body.toString('utf8')}`, {
            hint: 'run again when it has ended, or wait longer: --lock-timeout SECONDS',
          });
        case 'nowhere':
          throw new HealError('failed', 'no directory on the host can be written to', {
            hint: 'heal needs room for small files in one of /run, /dev/shm, /tmp, /var/tmp or the home directory',
          });
        default:
      }
    },
    AbortSignal.any([signal, limit.signal]),
    () => {
      if (program.acts.length === 0) limit.begin();
    },
  );
  await limit.heeded(done, signal);

  const answers = new Map<Question<unknown>, State<unknown>>();
  for (const group of program.groups) {
    const reply = replies?.get(group.id);
    if (reply === undefined || broken(reply)) continue;
    for (const [question, state] of parsed(group, reply)) answers.set(question, state);
  }
  return { acts, answers, replies: replies ?? new Map(), stale };
}

/**
 * The limit for the answers of a program. Each group has a deadline on the host; this one is for a host that ignores them
 * because its kernel or its disk hangs. A change has only the task's own limit.
 */
function answersLimit(host: string, groups: readonly Group[]) {
  const seconds = answersWithin(groups);
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    begin: (): void => {
      timer ??= setTimeout(() => controller.abort(), seconds * 1000);
    },
    /** @throws HealError of kind `unreachable` once the limit has passed */
    heeded: async (program: Promise<void>, signal: AbortSignal): Promise<void> => {
      try {
        await program;
      } catch (error) {
        if (!controller.signal.aborted || signal.aborted) throw error;
        throw new HealError('unreachable', `${host} gave no answers within ${seconds} s`, {
          hint: 'it does not keep the deadlines of its own programs: look at its load, its disks and its network file systems',
          cause: error,
        });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/**
 * Frames that were not requested, or arrive twice, are refused: what was sent to a host limits the memory for its answers.
 * @throws HealError of kind `failed`
 */
function expected(isExpected: boolean, { kind, id }: Frame): void {
  if (isExpected) return;
  throw new HealError('failed', `the host sent "${kind} ${id}", which it was not asked for`, {
    hint: 'is the sh of the host changed, or does a program of another account answer?',
  });
}

function actDone(frame: Frame, streams: ReadonlyMap<string, Buffer>, nonce: string | undefined): ActDone {
  const [code, flags] = frame.words;
  const stderr = streams.get(`err ${frame.id}`) ?? Buffer.alloc(0);
  return {
    id: frame.id,
    code: Number(code),
    stdout: streams.get(`out ${frame.id}`) ?? Buffer.alloc(0),
    stderr,
    truncated: flags?.includes('cut') ?? false,
    timedOut: flags?.includes('late') ?? false,
    moved: Number(code) === movedCode && stderr.toString('latin1') === `${nonce} moved`,
  };
}
