import type { Question } from '../../core/probe.ts';
import { originsOf } from '../handlers/handlers.ts';
import { queueLanded, recordIntended } from '../handlers/record-elsewhere.ts';
import { type ActDone, type Exchanged, exchange, type Watch } from '../host/exchange.ts';
import { lockAhead, lockOf, lockWatch, startOver } from '../host/host-lock.ts';
import { type HostRun, questionsOf } from '../host/host-run.ts';
import type { ActStep } from '../host/program.ts';
import { waitForReboot } from '../host/wait-for-reboot.ts';
import { gather } from '../task-list/gather.ts';
import { applyAhead } from './apply-ahead.ts';
import type { Instance } from './instance.ts';
import { type Ended, printed } from './outcome.ts';
import { prove } from './prove.ts';
import { recordOutcome } from './record-outcome.ts';
import { partOf } from './steps.ts';
import { describe } from './task-info.ts';
import { changeInfo, type Decided, isFree, type Made, type Part, type TaskTurn, touchesOf } from './task-turn.ts';

/**
 * Applies an instance's Changes with one program, which asks its questions again and those of the tasks up to the next one
 * that will change, and proves with the answers that the state is correct. The program also applies the changes of later tasks,
 * if the result is the same: those are kept in `run.made` until their turn comes. `moved` means that nothing
 * was changed, because the state had changed after it was read; heal decides again. `stale` means the same: another run had the
 * lock of the host.
 */
export async function apply(run: HostRun, turn: TaskTurn, decided: Decided): Promise<Ended | 'moved' | 'stale'> {
  const { changes } = decided.decision;
  const { instance } = turn;
  const { signal } = run.settings;
  const down = changes.map((change) => change.act).find((act) => act.kind === 'reconnect');
  if (down !== undefined && run.line === undefined) {
    return { status: 'failed', message: 'that would take the control node down', hint: 'remove delegate_to' };
  }
  tell(run, { turn, decided });
  const changesHost =
    !instance.module.readonly && changes.some(({ act }) => act.kind !== 'download' && act.kind !== 'archive');
  let lock = changesHost ? lockOf(run) : undefined;
  // Without the lock, no streamed file may be left on the host, and no restart may begin, so it is acquired first.
  if (lock !== undefined && changes.some(({ act }) => act.kind !== 'program')) {
    if (await lockAhead(run, lock)) return 'stale';
    lock = undefined;
  }
  const own = await partOf(run, turn, decided, 0);
  await recordIntended(run, own.pendingElsewhere);
  const mayLead = down === undefined && (changesHost || lockOf(run) === undefined);
  const ahead = mayLead ? await applyAhead(run, own) : [];
  const parts = [own, ...ahead];
  const end = parts.at(-1)?.turn.index ?? turn.index;
  const read = parts.flatMap((part) => questionsOf(part.decided.prepared.reads));
  for (const question of read) run.cache.forget(question);
  const rest = down === undefined ? await gather(run, turn.list, end + 1, turn.later) : [];
  const before = run.queued.splice(0);
  const work = { ...(lock === undefined ? {} : { lock }), before, acts: parts.flatMap(({ steps }) => steps) };
  const questions = down === undefined ? unique([...read, ...rest]) : [];
  const ended: ActDone[] = [];
  const actsOf = ({ steps }: Part): ActDone[] => ended.filter((act) => steps.some(({ id }) => id === act.id));
  const starts = new Map(ahead.map((part) => [part.steps[0]?.id, part]));
  const watch: Watch = {
    ...lockWatch(run),
    started({ id }) {
      const part = starts.get(id);
      if (part !== undefined) tell(run, part);
    },
    ended: (act) => ended.push(act),
  };

  // A module that only waits has changed nothing that could be a cause.
  if (!instance.module.readonly) run.applied.push({ instance, touches: changes.flatMap(touchesOf) });
  let sent: Exchanged = { acts: [], answers: new Map() };
  const send = async (): Promise<boolean> => {
    sent = await exchange(run.connection, work, questions, signal, watch);
    return sent.acts.length === work.acts.length && sent.acts.every((act) => act.code === 0);
  };
  if (down === undefined || run.line === undefined) {
    try {
      await send();
    } catch (error) {
      // Changes of later tasks before a lost connection are reported anyway, and after an interrupt all applied changes.
      for (const part of signal.aborted ? parts : ahead) tellMade(run, { ...part, acts: actsOf(part) });
      throw error;
    }
  } else if ((await waitForReboot(run, run.line, down, send)) !== undefined) {
    // It is not known whether the host still had the time to write them.
    run.queued.push(...own.steps.flatMap(({ after }) => after));
    queueLanded(run, own.pendingElsewhere);
    return {
      ...(await prove(run, turn, decided)),
      changes: changes.map((change) => changeInfo(change, instance.task)),
    };
  }
  if (lock !== undefined && run.line !== undefined) run.line.locked = true;
  if (sent.stale === true) {
    run.queued.unshift(...before);
    run.applied.pop();
    await startOver(run);
    return 'stale';
  }
  for (const [question, state] of sent.answers) run.cache.put(question, state);
  if (actsOf(own).length === own.steps.length && actsOf(own).every(({ code }) => code === 0)) {
    queueLanded(run, own.pendingElsewhere);
  }
  for (const part of ahead) {
    const acts = actsOf(part);
    if (acts.length === 0) continue;
    run.made.set(part.turn.instance, { ...part, acts });
    const touches = part.decided.decision.changes.flatMap(touchesOf);
    run.applied.push({ instance: part.turn.instance, touches });
  }
  return judge(run, { ...own, acts: actsOf(own) });
}

/** The result of an instance whose changes a program has tried to apply. */
export async function judge(run: HostRun, { turn, decided, steps, acts, archived }: Made): Promise<Ended | 'moved'> {
  const { changes } = decided.decision;
  const last = acts.at(-1);
  if (last?.moved === true) return 'moved';
  const infos = changes.map((change) => changeInfo(change, turn.instance.task));
  const broken = failureOf(turn.instance, steps, acts);
  if (broken !== undefined) return { ...broken, changes: infos.slice(0, Math.max(0, acts.length - 1)) };

  const free = changes.length === 1 && isFree(changes[0]) && last !== undefined ? printed(last) : undefined;
  const result = { ...decided.decision.result, ...free, ...archived?.result };
  const message = archived === undefined ? {} : { message: archived.message };
  return { ...message, ...(await prove(run, turn, decided)), changes: infos, result };
}

/** Reports that an instance is being changed. */
function tell(run: HostRun, { turn, decided }: Pick<Part, 'turn' | 'decided'>): void {
  run.settings.emit({
    type: 'task-start',
    host: run.host.name,
    task: describe(run, turn.instance, turn.name),
    titles: decided.decision.changes.map((change) => change.title),
  });
}

/** Reports an instance as changed if all its changes were applied, but could not be proven. */
function tellMade(run: HostRun, { turn: { instance, name }, decided, steps, acts }: Made): void {
  if (acts.length < steps.length || acts.some(({ code }) => code !== 0)) return;
  const changes = decided.decision.changes.map((change) => changeInfo(change, instance.task));
  const result = { ...decided.decision.result, changed: true, failed: false, skipped: false };
  const message = 'changed, but not verified: the run was interrupted';
  recordOutcome(run, instance, { status: 'changed', message, changes, result, enough: true }, run.settings.now(), name);
  for (const handler of originsOf(run, instance)) run.notified.add(handler);
}

function failureOf(instance: Instance, steps: readonly ActStep[], acts: readonly ActDone[]): Ended | undefined {
  const last = acts.at(-1);
  const step = steps[acts.length - 1];
  if (last === undefined || step === undefined) {
    return { status: 'failed', message: 'the host ended the program before the change was applied' };
  }
  const output = {
    code: last.code,
    stdout: last.stdout.toString('utf8'),
    stderr: last.stderr.toString('utf8'),
  };
  const result = isFree(step.change) ? printed(last) : { rc: last.code };
  if (last.timedOut) {
    const message = `${step.change.title}: took longer than ${instance.task.timeout} s and was stopped`;
    return { status: 'failed', message, output, result };
  }
  if (last.code !== 0) {
    const words = output.stderr.trim().split('\n').at(-1);
    const message = `${step.change.title}: exit code ${last.code}${words ? `: ${words}` : ''}`;
    return { status: 'failed', message, output, result };
  }
  if (acts.length < steps.length) {
    return { status: 'failed', message: 'the host ended the program before all changes were applied', output };
  }
  return undefined;
}

function unique(questions: readonly Question<unknown>[]): Question<unknown>[] {
  return [...new Map(questions.map((question) => [question.key, question])).values()];
}
