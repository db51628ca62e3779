import type { Content } from '../../core/change.ts';
import type { Connection } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import type { Counts, Event, TaskInfo } from '../../core/event.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answers, LocalRequest, Reads } from '../../core/module.ts';
import type { Evaluated, Host, Play, Task, Value, Variables } from '../../core/playbook.ts';
import type { Question } from '../../core/probe.ts';
import type { Sh } from '../../core/sh.ts';
import type { RecordedHandler } from '../handlers/pending-handlers.ts';
import type { Batch } from '../playbook/batch.ts';
import { evaluateTask, type Prepared, type TaskEvaluation } from '../task/evaluate-task.ts';
import { type Instance, infoOf } from '../task/instance.ts';
import type { Made } from '../task/task-turn.ts';
import { type Flow, flowOf } from '../task-list/block-flow.ts';
import type { HostConnection } from './host-connection.ts';
import type { HostSetup } from './host-setup.ts';
import { type StateCache, stateCache } from './state-cache.ts';

/** What the runner is given by whoever starts it: the project's side of a run. */
export interface ProjectSide {
  /** Names the project in the records of pending handlers that it leaves on hosts. */
  readonly name: string;
  readonly checkArgs: (instance: Instance, args: { readonly [key: string]: Value }) => Promise<JsonObject>;
  readonly load: (instance: Instance, request: LocalRequest, variables: Variables) => Promise<Evaluated<Content>>;
  /** Checks a local file before any connection: it must be there, and its names must be among the variables. */
  readonly checkLocal: (instance: Instance, request: LocalRequest, variables: Variables) => Promise<void>;
}

/** How a run is to be done. */
export interface RunSettings {
  readonly check: boolean;
  /** `heal verify --deep`: checks that cost a host much are asked as well. */
  readonly deep: boolean;
  readonly signal: AbortSignal;
  readonly emit: (event: Event) => void;
  /** Milliseconds; from a clock that never goes back. */
  readonly now: () => number;
  readonly project: ProjectSide;
  /** How the lock of a host is taken before the first change; undefined takes none. */
  readonly lock?: {
    /** Seconds to wait for another run. */
    readonly timeout: number;
    /** Names this run. */
    readonly run: string;
    /** For people: who runs what, and the time. */
    readonly who: () => string;
  };
}

/** A change that was made or tried: who would be to blame if a task no longer holds. */
export interface AppliedChange {
  readonly instance: Instance;
  readonly touches: readonly string[];
}

/** An instance that is done, as far as asking it once more needs it. */
export interface Kept {
  readonly instance: Instance;
  readonly prepared: Prepared;
  readonly before?: Answers<Reads>;
}

/** One host on its way through one play. Everything that changes during the run is here. */
export interface HostRun {
  readonly host: Host;
  readonly play: Play;
  readonly connection: Connection;
  /** The host's line, by which it can be logged in to again; undefined where `connection` is the workstation. */
  readonly line: HostConnection | undefined;
  /** Its facts and pending handlers, from the login; empty where no login succeeded yet. */
  setup: HostSetup;
  /** Set while the line is down: why, and whether that was said already, so that it is to be tried again. */
  cut: { readonly error: HealError; readonly reported: boolean } | undefined;
  readonly settings: RunSettings;
  readonly cache: StateCache;
  /** Arguments and local files of each instance, once they are known: inputs never change after that. */
  readonly prepared: Map<Instance, TaskEvaluation | Prepared>;
  readonly done: Set<Instance>;
  /** What the program of a task before it has done for an instance whose turn is still to come. */
  readonly made: Map<Instance, Made>;
  readonly registers: Map<string, Value>;
  /** Names whose value a plan can't know: their task was not, or not for certain, decided. */
  readonly unknowable: Set<string>;
  readonly notified: Set<Task>;
  readonly recorded: RecordedHandler[];
  /** Ids of the handlers that this run has recorded on the host. */
  readonly recordedNow: Set<string>;
  readonly applied: AppliedChange[];
  readonly kept: Kept[];
  /** Shell text that is sent with the next program. */
  readonly queued: Sh[];
  readonly counts: { -readonly [K in keyof Counts]: Counts[K] };
  /** The workstation, for tasks that are delegated to it; connected when the first of them is due. */
  readonly here: () => Promise<{ readonly connection: Connection; readonly cache: StateCache }>;
  /** Where it stands in the blocks of each list. */
  readonly flows: Map<readonly Instance[], Flow>;
  /** What the hosts of its batch share. */
  readonly batch: Batch;
  /** True once `meta: end_host` was met: the rest is left, and that is right. */
  over: boolean;
  /** True once all tasks and handlers are done: only then a check may ask what was changed. */
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
  here: HostRun['here'],
): HostRun {
  return {
    host,
    play,
    connection: line,
    line,
    setup,
    cut: undefined,
    settings,
    cache: stateCache(),
    prepared: new Map(),
    done: new Set(),
    made: new Map(),
    registers: new Map(),
    unknowable: new Set(),
    notified: new Set(),
    recorded,
    recordedNow: new Set(),
    applied: [],
    kept: [],
    queued: [],
    counts: emptyCounts(),
    here,
    flows: new Map(),
    batch,
    over: false,
    tasksOver: false,
  };
}

/** The flow through a list, made when it is first asked for: loops unfold later, blocks stay as they are. */
export function flowIn(run: HostRun, list: readonly Instance[]): Flow {
  const known = run.flows.get(list) ?? flowOf(list.map((instance) => instance.task));
  run.flows.set(list, known);
  return known;
}

/** Names that a task gives a value to: `register`, and the variables of `set_fact`. */
export function namesGivenBy(task: Task): string[] {
  const facts = task.module === 'set_fact' ? Object.keys(task.argPlaces).filter((name) => name !== 'cacheable') : [];
  return task.register === undefined ? facts : [task.register, ...facts];
}

/** All zero. */
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

/** Variables that describe to a `rescue` what failed, as in Ansible: the task (its name) and its result. */
export const failureNames = ['ansible_failed_task', 'ansible_failed_result'] as const;

/** Variables as an instance sees them; results of tasks that stand before it and are not done yet are pending. */
export function variablesOf(
  run: HostRun,
  instance: Pick<Instance, 'task' | 'item'>,
  waitsFor: ReadonlySet<string>,
): Variables {
  const values: Record<string, Evaluated<Value>> = {
    facts:
      run.line !== undefined && run.line.setup() === undefined
        ? { kind: 'pending', names: ['facts'] }
        : { kind: 'value', value: run.setup.facts as unknown as Value },
    heal_check_mode: { kind: 'value', value: run.settings.check },
    heal_deep: { kind: 'value', value: run.settings.deep },
    role_changed: run.tasksOver
      ? {
          kind: 'value',
          value: run.applied.some((change) => change.instance.task.role?.name === instance.task.role?.name),
        }
      : { kind: 'pending', names: ['role_changed'] },
  };
  for (const name of failureNames) values[name] = { kind: 'pending', names: [name] };
  for (const [name, value] of run.registers) values[name] = { kind: 'value', value };
  for (const name of [...run.unknowable, ...waitsFor]) values[name] = { kind: 'pending', names: [name] };
  if (instance.item !== undefined)
    values[instance.task.loopVar] = {
      kind: 'value',
      value: instance.item.value,
    };
  return run.play.variables(run.host, instance.task, { values });
}

/** Whether a task's changes are only predicted: in check mode, unless its `check_mode` says otherwise. */
export function onlyPlans(run: HostRun, { checkMode }: Pick<Task, 'checkMode'>): boolean {
  return checkMode ?? run.settings.check;
}

/** Considers an instance on the answers that are fresh, or for a guess on those last read. */
export async function evaluateOn(
  run: HostRun,
  instance: Instance,
  waitsFor: ReadonlySet<string>,
  how: { readonly guess?: boolean; readonly before?: Answers<Reads> } = {},
): Promise<TaskEvaluation> {
  const answer = how.guess === true ? run.cache.last : run.cache.fresh;
  return evaluateTask(
    instance,
    {
      facts: run.setup.facts,
      checkMode: onlyPlans(run, instance.task),
      answer,
      variables: (one) => variablesOf(run, one, waitsFor),
      checkArgs: run.settings.project.checkArgs,
      load: run.settings.project.load,
      loginUser: run.setup.facts.user,
      ...(how.before === undefined ? {} : { before: how.before }),
    },
    run.prepared,
  );
}

/** How the outside knows an instance: its name and its item's label as far as they can be rendered now. */
export function describe(run: HostRun, instance: Instance, name: string): TaskInfo {
  const { item, task } = instance;
  const label = item === undefined || task.noLog ? undefined : task.loopControl?.label;
  const rendered = label === undefined ? undefined : shown(() => label.evaluate(variablesOf(run, instance, new Set())));
  const info = infoOf(instance, name);
  return rendered === undefined ? info : { ...info, item: String(rendered) };
}

/** A task's name as far as it can be rendered now. */
export function nameOf(run: HostRun, instance: Instance, waitsFor: ReadonlySet<string>): string {
  const { task, item } = instance;
  // With no_log a name that holds the item is shown as it is written.
  const isHidden = task.noLog && item !== undefined;
  const variables = isHidden
    ? variablesOf(run, { task }, new Set([...waitsFor, task.loopVar]))
    : variablesOf(run, instance, waitsFor);
  const { name } = task;
  return shown(() => name.evaluate(variables)) ?? (isHidden ? name.source : undefined) ?? task.id;
}

/** A value for people; undefined while it is not known, or where a host's results do not allow to evaluate it. */
function shown<T>(evaluate: () => Evaluated<T>): T | undefined {
  try {
    const evaluated = evaluate();
    return evaluated.kind === 'value' ? evaluated.value : undefined;
  } catch (error) {
    if (error instanceof HealError) return undefined;
    throw error;
  }
}

/** Questions of a task's prepared reads. */
export function questionsOf(reads: Reads): Question<unknown>[] {
  return Object.values(reads).filter((question) => question !== undefined);
}
