import type { Change } from '../../core/change.ts';
import type { ChangeInfo } from '../../core/event.ts';
import type { Task } from '../../core/playbook.ts';
import type { PendingHandler } from '../handlers/pending-handlers.ts';
import type { ActDone } from '../host/exchange.ts';
import type { ActStep } from '../host/program.ts';
import type { Archived } from '../transfer/archive.ts';
import type { TaskEvaluation } from './evaluate-task.ts';
import type { Instance } from './instance.ts';

/** An instance whose changes are decided. */
export type Decided = Extract<TaskEvaluation, { kind: 'decided' }>;

/** The context of an instance while it is applied. */
export interface TaskTurn {
  readonly instance: Instance;
  readonly list: Instance[];
  readonly index: number;
  readonly name: string;
  readonly waitsFor: ReadonlySet<string>;
  /** Checks and handlers whose questions may be sent in the same program. */
  readonly later: readonly Instance[];
  /** Handlers that become pending if this instance changes. */
  readonly pending: readonly Omit<PendingHandler, 'digest'>[];
}

/** The part of a program for one instance. */
export interface Part {
  readonly turn: TaskTurn;
  readonly decided: Decided;
  readonly steps: readonly ActStep[];
  /** Handlers that become pending on another host than that of the steps: that of the variables of a delegated task. */
  readonly pendingElsewhere: readonly PendingHandler[];
  /** The backup that was created of the host. */
  readonly archived?: Archived;
}

/** The same, after the program has ended. */
export interface Made extends Part {
  /** Those that were started. */
  readonly acts: readonly ActDone[];
}

/** Default of `touches`: a change that does not declare it may alter anything. */
export function touchesOf(change: Change): readonly string[] {
  return change.touches ?? ['everything'];
}

/** A Change in events. */
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
