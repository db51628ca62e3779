import type { Change } from '../core/change.ts';
import type { ChangeInfo } from '../core/event.ts';
import type { Task } from '../core/playbook.ts';
import type { Question } from '../core/probe.ts';
import { overlaps } from '../core/scope.ts';
import { comeBack } from './come-back.ts';
import type { Considered } from './consider.ts';
import { type Debt, digestOf, noteDebt } from './debts.ts';
import { download } from './download.ts';
import { type ActDone, type Exchanged, exchange } from './exchange.ts';
import { gather } from './gather.ts';
import { considerIn, describe, type HostRun, questionsOf } from './host-run.ts';
import type { Instance } from './instance.ts';
import { type Ended, printed } from './outcome.ts';
import { pause } from './pause.ts';
import type { ActStep } from './program.ts';
import { upload } from './upload.ts';

type Decided = Extract<Considered, { kind: 'decided' }>;

/** Where an instance stands while it is applied. */
export interface Turn {
  readonly instance: Instance;
  readonly list: Instance[];
  readonly index: number;
  readonly name: string;
  readonly waitsFor: ReadonlySet<string>;
  /** Checks and handlers whose questions may ride along. */
  readonly later: readonly Instance[];
  /** Handlers that are owed if this changes. */
  readonly owed: readonly Omit<Debt, 'digest'>[];
}

/** Default of `touches`: a change that says nothing may alter anything. */
export function touchesOf(change: Change): readonly string[] {
  return change.touches ?? ['everything'];
}

/** How the outside is told of a Change. */
export function changeInfo(change: Change, task: Pick<Task, 'diff'>): ChangeInfo {
  return {
    sign: change.sign,
    title: change.title,
    ...(change.diff === undefined || task.diff === false ? {} : { diff: change.diff }),
    proven: change.proven !== false,
  };
}

/**
 * Makes an instance's Changes by one program, which asks its questions again and those of the tasks up to the next one
 * that will change, and proves by the answers that it came about. `moved` says that nothing was done, because
 * somebody changed what had been read; it is to be decided once more.
 */
export async function apply(run: HostRun, turn: Turn, decided: Decided): Promise<Ended | 'moved'> {
  const { changes } = decided.decision;
  const { instance } = turn;
  const account = decided.prepared.input.account;
  const { signal, emit } = run.settings;
  const down = changes.map((change) => change.act).find((act) => act.kind === 'reconnect');
  if (down !== undefined && run.line === undefined) {
    return { status: 'failed', message: 'that would take the workstation down', hint: 'remove delegate_to' };
  }
  emit({
    type: 'task-start',
    host: run.host.name,
    task: describe(run, instance, turn.name),
    titles: changes.map((change) => change.title),
  });

  const steps: ActStep[] = [];
  for (const [index, change] of changes.entries()) {
    const earlier = changes.slice(0, index).flatMap(touchesOf);
    const guards = (change.expects ?? []).flatMap((question) => {
      // What an earlier change of this very task alters is no longer what was read, and that is right.
      if (overlaps(earlier, question.scopes)) return [];
      const state = run.book.fresh(question);
      return state === undefined ? [] : [{ question, state }];
    });
    const uploaded = change.act.kind === 'upload' ? await upload(run.connection, change.act, signal) : undefined;
    if (change.act.kind === 'download') await download(run.connection, change.act, signal);
    const { timeout } = instance.task;
    steps.push({
      id: `c${index}`,
      change,
      account,
      guards,
      ...(timeout === undefined ? {} : { timeout }),
      ...(uploaded === undefined ? {} : { uploaded }),
    });
  }

  const digest = digestOf(decided.answers);
  const debts = turn.owed.map((debt) => ({ ...debt, digest }));
  const own = questionsOf(decided.prepared.reads);
  for (const change of changes) run.book.attempt(touchesOf(change));
  // What only waits has done nothing that could be to blame.
  if (!instance.module.readonly) run.deeds.push({ instance, touches: changes.flatMap(touchesOf) });
  for (const question of own) run.book.forget(question);
  const rest = down === undefined ? await gather(run, turn.list, turn.index + 1, turn.later) : [];

  const work = {
    before: [...run.chores.splice(0), ...debts.map((debt) => noteDebt(debt, 'intended'))],
    acts: steps,
    after: debts.map((debt) => noteDebt(debt, 'landed')),
  };
  const questions = down === undefined ? unique([...own, ...rest]) : [];
  let sent: Exchanged = { acts: [], answers: new Map() };
  const send = async (): Promise<boolean> => {
    sent = await exchange(run.connection, work, questions, signal);
    return sent.acts.length === steps.length && sent.acts.every((act) => act.code === 0);
  };
  if (down === undefined || run.line === undefined) await send();
  else if ((await comeBack(run, run.line, down, send)) !== undefined) {
    // Whether the host still had the time to write them is not known.
    run.chores.push(...work.after);
    return {
      ...(await prove(run, turn, decided)),
      changes: changes.map((change) => changeInfo(change, instance.task)),
    };
  }
  const { acts, answers } = sent;
  for (const [question, state] of answers) run.book.put(question, state);

  const last = acts.at(-1);
  if (last?.moved === true) return 'moved';
  const infos = changes.map((change) => changeInfo(change, instance.task));
  const broken = failureOf(instance, steps, acts);
  if (broken !== undefined) return { ...broken, changes: infos.slice(0, Math.max(0, acts.length - 1)) };

  const free = changes.length === 1 && isFree(changes[0]) && last !== undefined ? printed(last) : undefined;
  const result = { ...decided.decision.result, ...free };
  return { ...(await prove(run, turn, decided)), changes: infos, result };
}

/** Asks until the module wants nothing more, for as long as its Changes may take to settle. */
async function prove(run: HostRun, turn: Turn, decided: Decided): Promise<Ended> {
  const { changes } = decided.decision;
  // A module that changes nothing has waited for something.
  const status = turn.instance.module.readonly ? 'ok' : 'changed';
  if (changes.every((change) => change.proven === false)) return { status };
  const { signal, now } = run.settings;
  const until = now() + 1000 * Math.max(0, ...changes.map((change) => change.settles ?? 0));
  for (let wait = 50; ; wait = Math.min(1000, wait * 2)) {
    const proof = await considerIn(run, turn.instance, turn.waitsFor, { before: decided.answers });
    if (proof.kind === 'asks') {
      const { answers } = await exchange(run.connection, { acts: [] }, proof.questions, signal);
      for (const [question, state] of answers) run.book.put(question, state);
      continue;
    }
    if (proof.kind === 'decided' && proof.decision.failed === undefined && proof.decision.changes.length === 0) {
      run.kept.push({ instance: turn.instance, prepared: proof.prepared, before: decided.answers });
      return {
        status,
        ...(proof.decision.message === undefined ? {} : { message: proof.decision.message }),
      };
    }
    if (now() >= until) return notConverged(proof);
    await pause(wait, signal);
    for (const question of questionsOf(decided.prepared.reads)) run.book.forget(question);
  }
}

function notConverged(proof: Considered): Ended {
  if (proof.kind === 'decided') {
    const { failed, hint, changes } = proof.decision;
    const wants = changes.map((change) => change.title).join(', ');
    return {
      status: 'failed',
      message: failed ?? `the change was made, but asked again the host still wants it: ${wants}`,
      ...(hint === undefined ? {} : { hint }),
    };
  }
  if (proof.kind === 'failed') return { status: 'failed', message: proof.message };
  return { status: 'failed', message: 'the change was made, but its result could not be read' };
}

function failureOf(instance: Instance, steps: readonly ActStep[], acts: readonly ActDone[]): Ended | undefined {
  const last = acts.at(-1);
  const step = steps[acts.length - 1];
  if (last === undefined || step === undefined) {
    return { status: 'failed', message: 'the host ended the program before the change was made' };
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
    return { status: 'failed', message: 'the host ended the program before all changes were made', output };
  }
  return undefined;
}

function isFree(change: Change | undefined): boolean {
  return change?.act.kind === 'program' && change.act.free === true;
}

function unique(questions: readonly Question<unknown>[]): Question<unknown>[] {
  return [...new Map(questions.map((question) => [question.key, question])).values()];
}
