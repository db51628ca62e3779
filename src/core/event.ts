import type { Diff } from './change.ts';
import type { HealError } from './errors.ts';
import type { Facts } from './facts.ts';
import type { Place } from './place.ts';
import type { Result } from './playbook.ts';

/** How a task ended on a host. `unknown` only in check mode: it depends on the result of a planned change. */
export type Status = 'ok' | 'changed' | 'failed' | 'skipped' | 'unknown';

/** The part of a run that a task belongs to. */
export type Phase = 'task' | 'handler' | 'verify' | 'score' | 'prepare' | 'break' | 'heal' | 'restore';

/** A task as events describe it. */
export interface TaskInfo {
  readonly id: string;
  readonly name: string;
  readonly module: string;
  readonly role?: string;
  readonly at: Place;
  readonly phase: Phase;
  /** Label of the loop's item. */
  readonly item?: string;
  /** Name of the host that the task is delegated to. */
  readonly delegate?: string;
}

/** A Change as events describe it. */
export interface ChangeInfo {
  readonly sign: '+' | '-' | '~';
  readonly title: string;
  readonly diff?: Diff;
  readonly proven: boolean;
}

/** Counts of one host, as in Ansible's recap. `unknown` counts in check mode only. */
export interface Counts {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
  readonly unknown: number;
}

/** Counts of all hosts of a run, by name, in inventory order. */
export type Report = Readonly<Record<string, Counts>>;

/** How a task ended, with all details for users. */
export interface TaskDone {
  readonly type: 'task-done';
  readonly host: string;
  readonly task: TaskInfo;
  readonly status: Status;
  readonly changes: readonly ChangeInfo[];
  /** Why it failed, was skipped or is unknown; lower case. */
  readonly message?: string;
  readonly hint?: string;
  /** Output of a command, if it failed. */
  readonly output?: { readonly code?: number; readonly stdout?: string; readonly stderr?: string };
  readonly result?: Result;
  /** It failed, but `ignore_errors` was set. */
  readonly ignored?: boolean;
  readonly noLog?: boolean;
  readonly ms: number;
}

/** Result of one drill on one host. */
export interface DrillDone {
  readonly type: 'drill-done';
  readonly host: string;
  readonly drill: string;
  readonly role?: string;
  readonly status: 'healed' | 'failed' | 'skipped';
  /** Milliseconds from the break until each check passed; undefined if it never did. */
  readonly heals: readonly {
    readonly name: string;
    readonly withinMs: number;
    readonly afterMs?: number;
    /** First line of its command's output. */
    readonly said?: string;
  }[];
  readonly message?: string;
}

/** What the runner reports while it works; input of every renderer and log. */
export type Event =
  | {
      readonly type: 'run-start';
      readonly playbook: string;
      readonly check: boolean;
      readonly hosts: readonly string[];
    }
  | {
      readonly type: 'play-start';
      readonly play: string;
      readonly hosts: readonly string[];
      readonly tasks: number;
      /** The numbers of tasks of the hosts that do not have all of them. */
      readonly tasksOf?: Readonly<Record<string, number>>;
    }
  | { readonly type: 'host-connecting'; readonly host: string }
  | { readonly type: 'host-connected'; readonly host: string; readonly facts: Facts; readonly ms: number }
  | { readonly type: 'host-asking'; readonly host: string; readonly questions: number }
  /** The host waits until others have finished earlier tasks. */
  | { readonly type: 'host-waiting'; readonly host: string }
  | { readonly type: 'host-unreachable'; readonly host: string; readonly error: HealError }
  | { readonly type: 'host-refused'; readonly host: string; readonly error: HealError }
  | { readonly type: 'task-start'; readonly host: string; readonly task: TaskInfo; readonly titles: readonly string[] }
  | TaskDone
  | { readonly type: 'drill-start'; readonly host: string; readonly drill: string; readonly role?: string }
  | DrillDone
  | {
      readonly type: 'warning';
      readonly host?: string;
      readonly message: string;
      readonly hint?: string;
      readonly at?: Place;
    }
  | { readonly type: 'host-done'; readonly host: string; readonly roundTrips: number; readonly ms: number }
  | {
      readonly type: 'run-end';
      readonly report: Report;
      /** To all hosts, also to those that tasks were only delegated to. */
      readonly roundTrips: number;
      readonly ms: number;
      /** Set if the run was interrupted: the hosts with unfinished work. */
      readonly unfinished?: readonly string[];
    };
