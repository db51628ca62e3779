import type { Content } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import type { HealError } from '../../core/errors.ts';
import type { Counts, Event } from '../../core/event.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answers, LocalRequest, Reads } from '../../core/module.ts';
import type { Evaluated, Host, Known, Play, Task, Value, Variables } from '../../core/playbook.ts';
import type { Question } from '../../core/probe.ts';
import type { Sh } from '../../core/sh.ts';
import type { RecordedHandler } from '../handlers/pending-handlers.ts';
import type { Batch } from '../playbook/batch.ts';
import type { Prepared, TaskEvaluation } from '../task/evaluate-task.ts';
import type { Instance } from '../task/instance.ts';
import type { Made } from '../task/task-turn.ts';
import { type Flow, flowOf } from '../task-list/block-flow.ts';
import type { HostConnection } from './host-connection.ts';
import type { HostSetup } from './host-setup.ts';
import type { StateCache } from './state-cache.ts';

/** What the caller gives the runner: the project's side of a run. */
export interface ProjectSide {
  /** Names the project in the records of pending handlers that the run leaves on hosts. */
  readonly name: string;
  readonly checkArgs: (instance: Instance, args: { readonly [key: string]: Value }) => Promise<JsonObject>;
  readonly load: (instance: Instance, request: LocalRequest, variables: Variables) => Promise<Evaluated<Content>>;
  /** Checks a local file before any connection: it must exist, and its names must be among the variables. */
  readonly checkLocal: (instance: Instance, request: LocalRequest, variables: Variables) => Promise<void>;
}

/** The settings of a run. */
export interface RunSettings {
  readonly check: boolean;
  /** `heal verify --deep`: also runs checks that are expensive for a host. */
  readonly deep: boolean;
  readonly signal: AbortSignal;
  readonly emit: (event: Event) => void;
  /** Milliseconds; from a monotonic clock. */
  readonly now: () => number;
  /** Milliseconds between two attempts to find a state correct again that is no longer correct. Default: 1000. */
  readonly recheckPause?: number;
  readonly project: ProjectSide;
  /** How the lock of a host is acquired before the first change; undefined uses no lock. */
  readonly lock?: {
    /** Seconds to wait for another run. */
    readonly timeout: number;
    /** Identifies this run. */
    readonly run: string;
    /** For the message: the user, the command, and the time. */
    readonly who: () => string;
  };
}

/** A change that was applied or tried: a possible cause if a task's state is no longer correct. */
export interface AppliedChange {
  readonly instance: Instance;
  readonly touches: readonly string[];
}

/** A finished instance, with what is needed to ask its questions again. */
export interface Kept {
  readonly instance: Instance;
  readonly prepared: Prepared;
  readonly before?: Answers<Reads>;
}

/** What the tasks of a host have set, kept from one play to the next. */
export interface KnownValues {
  /** Results of `register`, and variables of `set_fact`. */
  readonly registers: Map<string, Value>;
  /** Names whose value a plan can't know: their task was not decided, or not with certainty. */
  readonly unknowable: Set<string>;
}

/** The host that a delegated task runs on. */
export interface Delegate {
  readonly connection: Connection;
  /** The answers of that host, shared by all that delegate to it. */
  readonly cache: StateCache;
  /** Undefined if it is the control node. */
  readonly line: HostConnection | undefined;
  /** Undefined for the control node: its facts are not asked for. */
  readonly setup: HostSetup | undefined;
  /** Tasks on one host run one after the other: two that change a file at once would disturb each other. */
  readonly runExclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** Its connection is lost: the next task logs in again. */
  readonly disconnected: () => void;
}

/** One host during one play. All state that changes during the run is here. */
export interface HostRun extends KnownValues {
  readonly host: Host;
  readonly play: Play;
  readonly connection: Connection;
  /** The host's connection, which can log in again; undefined if `connection` is the control node. */
  readonly line: HostConnection | undefined;
  /** Its facts and pending handlers, from the login; empty if no login succeeded yet. */
  setup: HostSetup;
  /** Set while the connection is lost: the reason, and whether it was reported already, so that the next task logs in again. */
  cut: { readonly error: HealError; readonly reported: boolean } | undefined;
  readonly settings: RunSettings;
  readonly cache: StateCache;
  /** Arguments and local files of each instance, once they are known: inputs never change after that. */
  readonly prepared: Map<Instance, TaskEvaluation | Prepared>;
  readonly done: Set<Instance>;
  /** What an earlier task's program has already applied for an instance whose turn comes later. */
  readonly made: Map<Instance, Made>;
  readonly notified: Set<Task>;
  readonly recorded: RecordedHandler[];
  /** Ids of the handlers that this run has recorded on the host. */
  readonly recordedNow: Set<string>;
  readonly applied: AppliedChange[];
  readonly kept: Kept[];
  /** Shell text that is sent with the next program. */
  readonly queued: Sh[];
  readonly counts: { -readonly [K in keyof Counts]: Counts[K] };
  /** The host of this name, or the control node, for tasks that are delegated to it; connected before the first of them. */
  readonly delegate: (name: string) => Promise<Delegate>;
  /** Names of the hosts that tasks were delegated to. */
  readonly delegated: Map<Instance, string>;
  /** During a delegated task: the host of its variables. `connection`, `line`, `cache` and `setup` are those of the other host. */
  readonly delegatedBy?: HostRun;
  /** The position in the blocks of each list. */
  readonly flows: Map<readonly Instance[], Flow>;
  /** What the hosts of its batch share. */
  readonly batch: Batch;
  /** What is known of another host, for `hostvars`. */
  readonly others: (host: string) => Known['values'];
  /** True after `meta: end_host`: the remaining tasks are left out, which is not a failure. */
  over: boolean;
  /** True once all tasks and handlers are finished: only then a check may ask about the changes. */
  tasksOver: boolean;
}

/** A host that has just logged in. */
export function hostRun(
  host: Host,
  play: Play,
  line: HostConnection,
  setup: HostSetup,
  recorded: RecordedHandler[],
  settings: RunSettings,
  batch: Batch,
  delegate: HostRun['delegate'],
  known: KnownValues,
  others: HostRun['others'],
): HostRun {
  return {
    host,
    play,
    connection: line,
    line,
    setup,
    cut: undefined,
    settings,
    cache: batch.cacheOf(host.name),
    prepared: new Map(),
    done: new Set(),
    made: new Map(),
    registers: known.registers,
    unknowable: known.unknowable,
    notified: new Set(),
    recorded,
    recordedNow: new Set(),
    applied: [],
    kept: [],
    queued: [],
    counts: emptyCounts(),
    delegate,
    delegated: new Map(),
    flows: new Map(),
    batch,
    others,
    over: false,
    tasksOver: false,
  };
}

/** The flow through a list, created on first use: loops unfold later, blocks do not change. */
export function flowIn(run: HostRun, list: readonly Instance[]): Flow {
  const known = run.flows.get(list) ?? flowOf(list.map((instance) => instance.task));
  run.flows.set(list, known);
  return known;
}

/** All counts are zero. */
export function emptyCounts(): { -readonly [K in keyof Counts]: Counts[K] } {
  return {
    ok: 0,
    changed: 0,
    unreachable: 0,
    failed: 0,
    skipped: 0,
    rescued: 0,
    ignored: 0,
    unknown: 0,
  };
}

/** Whether a task's changes are only predicted: in check mode, unless its `check_mode` overrides it. */
export function onlyPlans(run: HostRun, { checkMode }: Pick<Task, 'checkMode'>): boolean {
  return checkMode ?? run.settings.check;
}

/** Questions of a task's prepared reads. */
export function questionsOf(reads: Reads): Question<unknown>[] {
  return Object.values(reads).filter((question) => question !== undefined);
}
