import type { Change } from '../../core/change.ts';
import type { ChangeInfo } from '../../core/event.ts';
import type { Task } from '../../core/playbook.ts';
import type { PendingHandler } from '../handlers/pending-handlers.ts';
import type { ActDone } from '../host/exchange.ts';
import type { ActStep } from '../host/program.ts';
import type { Archived } from '../transfer/archive.ts';
import type { TaskEvaluation } from './evaluate-task.ts';
import type { Instance } from './instance.ts';

/** An instance of which it is decided what is to be changed. */
export type Decided = Extract<TaskEvaluation, { kind: 'decided' }>;

/** Where an instance stands while it is applied. */
export interface TaskTurn {
  readonly instance: Instance;
  readonly list: Instance[];
  readonly index: number;
  readonly name: string;
  readonly waitsFor: ReadonlySet<string>;
  /** Checks and handlers whose questions may ride along. */
  readonly later: readonly Instance[];
  /** Handlers that are pending if this changes. */
  readonly pending: readonly Omit<PendingHandler, 'digest'>[];
}

/** What a program does for one instance. */
export interface Part {
  readonly turn: TaskTurn;
  readonly decided: Decided;
  readonly steps: readonly ActStep[];
  /** The backup that was made of the host. */
  readonly archived?: Archived;
}

/** The same, once the program has ended. */
export interface Made extends Part {
  /** Those that were begun. */
  readonly acts: readonly ActDone[];
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

/** Whether its output is the result, as that of a command. */
export function isFree(change: Change | undefined): boolean {
  return change?.act.kind === 'program' && change.act.free === true;
}
