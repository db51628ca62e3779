import type { Connection } from '../../core/connection.ts';
import { HealError, HealErrors } from '../../core/errors.ts';
import type { Host, Known, Play, Value } from '../../core/playbook.ts';
import { controlNode, notInInventory } from '../../project/playbook/delegate-to.ts';
import { parseRecorded, type RecordedHandler } from '../handlers/pending-handlers.ts';
import { connectionTo, type HostConnection } from '../host/host-connection.ts';
import type { Delegate, emptyCounts, HostRun, KnownValues } from '../host/host-run.ts';
import { type HostSetup, hostSetupProgram, noHostSetup } from '../host/host-setup.ts';
import { stateCache } from '../host/state-cache.ts';
import { flowOf } from '../task-list/block-flow.ts';
import type { Batch } from './batch.ts';
import type { RunOptions } from './run-options.ts';

/** A host after its login, successful or not. */
export interface Reached {
  readonly line: HostConnection;
  readonly setup: HostSetup;
  readonly recorded: RecordedHandler[];
  /** Why it could not be reached. */
  readonly cut?: HealError;
}

/** The hosts of a run: the information kept from one play to the next. */
export interface Fleet {
  readonly reached: Map<string, Reached>;
  /** Hosts that failed or could not be reached: later plays skip them. */
  readonly lost: Set<string>;
  readonly counts: ReadonlyMap<string, ReturnType<typeof emptyCounts>>;
  readonly known: Map<string, KnownValues>;
  /** The control node, once a task was delegated to it. */
  here?: Promise<Connection>;
  /** Connections for delegated tasks to hosts that the run had not reached before. */
  readonly delegates: Map<string, Promise<HostConnection>>;
  /** All that were opened for `delegates`, also those that were lost since. */
  readonly delegateLines: HostConnection[];
  /** Hosts whose own connection was lost in a delegated task: the next one uses another. */
  readonly disconnected: Set<string>;
  /** True once a play was stopped for all hosts: later plays do not run. */
  ended: boolean;
}

/** What the tasks of a host have set so far. */
export function knownOf({ known }: Fleet, host: string): KnownValues {
  const values = known.get(host) ?? { registers: new Map(), unknowable: new Set() };
  known.set(host, values);
  return values;
}

/** What other hosts see of a host in `hostvars`, besides the variables of the inventory. */
export function seenOf(fleet: Fleet, host: string): Known['values'] {
  const { registers, unknowable } = knownOf(fleet, host);
  const facts = fleet.reached.get(host)?.line.setup()?.facts;
  return {
    ...(facts === undefined ? {} : { facts: { kind: 'value', value: facts as unknown as Value } }),
    ...Object.fromEntries([...registers].map(([name, value]) => [name, { kind: 'value', value }])),
    ...Object.fromEntries([...unknowable].map((name) => [name, { kind: 'pending', names: [name] }])),
  };
}

/**
 * The hosts that the tasks of one host may be delegated to. All hosts share one shell of the control node, but each has its own
 * answers of it. A host that the run has reached is not logged in to again.
 */
export function delegatesOf(options: RunOptions, play: Play, fleet: Fleet, batch: Batch): HostRun['delegate'] {
  const local = stateCache();
  return async (name) => {
    if (name === controlNode) {
      fleet.here ??= options.connectHere(hostSetupProgram, () => undefined, options.signal);
      const connection = await fleet.here;
      const runExclusive: Delegate['runExclusive'] = (work) => work();
      const none = { line: undefined, setup: undefined, disconnected: () => {} };
      return { connection, cache: local, runExclusive, ...none };
    }
    const host = options.hostNamed(name);
    if (host === undefined) throw new HealError('failed', `delegate_to: ${notInInventory(name)}`);
    const own = fleet.lost.has(name) || fleet.disconnected.has(name) ? undefined : fleet.reached.get(name);
    const line =
      own !== undefined && own.cut === undefined ? own.line : await delegateConnection(options, play, host, fleet);
    return {
      connection: line,
      cache: batch.cacheOf(name),
      line,
      setup: line.setup(),
      runExclusive: (work) => batch.runExclusive(name, work),
      disconnected: () => {
        fleet.disconnected.add(name);
        fleet.delegates.delete(name);
      },
    };
  };
}

/** The connection for delegated tasks to a host that has none of its own; opened once. */
function delegateConnection(options: RunOptions, play: Play, host: Host, fleet: Fleet): Promise<HostConnection> {
  const known = fleet.delegates.get(host.name);
  if (known !== undefined) return known;
  const line = hostConnection(options, play, host);
  fleet.delegateLines.push(line);
  const opened = line.renew().then(() => line);
  fleet.delegates.set(host.name, opened);
  opened.catch(() => fleet.delegates.delete(host.name));
  return opened;
}

function hostConnection(options: RunOptions, play: Play, host: Host): HostConnection {
  const login = options.loginOf(host, play);
  return connectionTo(host.name, login, (first, onFrame) => options.connect(login, first, onFrame, options.signal));
}

/**
 * Logs in to a host, once in a run. One that can't be reached is an error, unless a task of the play has `ignore_unreachable`
 * or a `rescue`.
 */
export async function reach(options: RunOptions, play: Play, host: Host, fleet: Fleet): Promise<Reached> {
  const known = fleet.reached.get(host.name);
  if (known !== undefined && known.cut === undefined) return known;
  const { emit, now, signal } = options;
  const startedAt = now();
  emit({ type: 'host-connecting', host: host.name });
  const line = hostConnection(options, play, host);
  let at: Reached;
  try {
    const setup = await line.renew();
    at = { line, setup, recorded: setup.pending.flatMap((text) => parseRecorded(text) ?? []) };
    emit({ type: 'host-connected', host: host.name, facts: setup.facts, ms: now() - startedAt });
  } catch (error) {
    // Its tasks start nevertheless if one of them handles this case.
    const flow = flowOf(play.tasks);
    const minds = options.mode === 'run' && play.tasks.some((task) => flow.minds(task));
    if (!(error instanceof HealError) || error.kind !== 'unreachable' || !minds || signal.aborted) throw error;
    at = { line, setup: noHostSetup, recorded: [], cut: error };
  }
  fleet.reached.set(host.name, at);
  return at;
}

/**
 * An error of one host ends only its own part of the run: once a host has been logged in to, its output can only
 * fail that host. Before that, a `usage` error is about a file of the control node and ends the run.
 */
export async function guarded(
  options: RunOptions,
  fleet: Fleet,
  host: Host,
  onLost: (host: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (options.signal.aborted || isInterrupt(error)) throw error;
    if (isUsage(error) && !fleet.reached.has(host.name)) throw error;
    const failure = error instanceof HealError ? error : failureOf(error, options);
    fleet.lost.add(host.name);
    onLost(host.name);
    const counts = fleet.counts.get(host.name);
    if (failure.kind === 'unreachable') {
      if (counts !== undefined) counts.unreachable += 1;
      options.emit({ type: 'host-unreachable', host: host.name, error: failure });
    } else {
      if (counts !== undefined) counts.failed += 1;
      options.emit({ type: 'host-refused', host: host.name, error: failure });
    }
  }
}

function isInterrupt(error: unknown): boolean {
  return error instanceof HealError && error.kind === 'interrupted';
}

function isUsage(error: unknown): boolean {
  return error instanceof HealErrors || (error instanceof HealError && error.kind === 'usage');
}

/** Several errors as one; any other error is a bug of heal. */
function failureOf(error: unknown, { bug }: RunOptions): HealError {
  return error instanceof HealErrors ? new HealError('failed', error.message, { cause: error }) : bug(error);
}
