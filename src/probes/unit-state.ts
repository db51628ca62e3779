import { absent, present, type State } from '../core/state.ts';

/** The manager of a unit: the system's, or an account's. */
export type UnitScope = 'system' | 'user';

/** State of a unit. */
export interface Unit {
  /** Its primary name; an alias gives the same Unit. */
  readonly id: string;
  readonly names: readonly string[];
  /** loaded, not-found, masked, bad-setting, error. */
  readonly loadState: string;
  /** active, reloading, inactive, failed, activating, deactivating. */
  readonly activeState: string;
  /** enabled, disabled, static, masked, ...; empty without a unit file. */
  readonly unitFileState: string;
  /** Directories in which links are missing, as `timers.target.wants`, although the unit is enabled. */
  readonly missingLinks?: readonly string[];
  /** Path of its file; empty if there is none. */
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
  /** Its files were changed since the manager read them. */
  readonly needDaemonReload: boolean;
  /** Whether it can be reloaded. */
  readonly canReload: boolean;
  /** Type= of a service, else empty. */
  readonly type: string;
  readonly remainAfterExit: boolean;
  readonly restart: string;
  /** Milliseconds; undefined is never. */
  readonly restartMs?: number;
  readonly startLimitBurst: number;
  readonly startLimitIntervalMs?: number;
  /** Not predictable in a plan: absent from predictions. */
  readonly run?: UnitRun;
}

/** The part of a Unit that belongs to one run of it. */
export interface UnitRun {
  readonly subState: string;
  /** 0 if no main process runs. */
  readonly mainPid: number;
  /** Different for each start. */
  readonly invocationId: string;
  /** Number of restarts by Restart=. */
  readonly restarts: number;
  /** Why it failed: success, exit-code, signal, start-limit-hit, ... */
  readonly result: string;
  /** Exit code or signal number of the main process's last end. */
  readonly exitStatus: number;
  /** Microseconds on the monotonic clock, as a string; 0 for never. */
  readonly activeSince: string;
  readonly mainStarted: string;
  /** Seconds since it became active; 0 if it isn't. */
  readonly activeFor: number;
  readonly controlGroup: string;
}

/** The properties that heal reads of every unit. */
export const properties = [
  'Id', 'Names', 'LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'FragmentPath', 'DropInPaths', 'MainPID',
  'InvocationID', 'ExecMainStartTimestampMonotonic', 'ActiveEnterTimestampMonotonic', 'NRestarts', 'Result',
  'ExecMainStatus', 'NeedDaemonReload', 'CanReload', 'Restart', 'RestartUSec', 'StartLimitIntervalUSec',
  'StartLimitBurst', 'Type', 'RemainAfterExit', 'ControlGroup',
] as const; // biome-ignore format: a list of words

/** A unit's name with its suffix, as systemctl expects it. */
export function fullName(name: string): string {
  const known = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;
  return known.test(name) ? name : `${name}.service`;
}

/**
 * Reads the blocks of `systemctl show -- units`: one for each unit in the order asked, separated by empty lines. A block
 * belongs to the unit whose name is among its Names, so that a missing unit does not shift the others. `uptime` is the
 * host's, in seconds.
 */
export function readUnits(text: string, asked: readonly string[], uptime = 0): ReadonlyMap<string, State<Unit>> {
  const blocks = text
    .split(/\n\n+/)
    .map(readBlock)
    .filter((block) => block.has('Id') && block.has('LoadState'));
  const found = new Map<string, State<Unit>>();
  for (const name of asked) {
    const block = blocks.find((one) => one.get('Id') === name || (one.get('Names') ?? '').split(' ').includes(name));
    if (block !== undefined) found.set(name, stateOf(block, uptime));
  }
  return found;
}

function readBlock(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const equals = line.indexOf('=');
      return equals < 1 ? [] : [[line.slice(0, equals), line.slice(equals + 1)]];
    }),
  );
}

function stateOf(block: ReadonlyMap<string, string>, uptime: number): State<Unit> {
  const text = (key: (typeof properties)[number]): string => block.get(key) ?? '';
  const number = (key: (typeof properties)[number]): number => Number.parseInt(text(key), 10) || 0;
  const restartMs = milliseconds(text('RestartUSec'));
  const startLimitIntervalMs = milliseconds(text('StartLimitIntervalUSec'));
  if (text('LoadState') === 'not-found' && text('ActiveState') === 'inactive') return absent;
  return present({
    id: text('Id'),
    names: text('Names')
      .split(' ')
      .filter((name) => name !== ''),
    loadState: text('LoadState'),
    activeState: text('ActiveState'),
    unitFileState: text('UnitFileState'),
    fragmentPath: text('FragmentPath'),
    dropInPaths: text('DropInPaths')
      .split(' ')
      .filter((path) => path !== ''),
    needDaemonReload: text('NeedDaemonReload') === 'yes',
    canReload: text('CanReload') === 'yes',
    type: text('Type'),
    remainAfterExit: text('RemainAfterExit') === 'yes',
    restart: text('Restart'),
    ...(restartMs === undefined ? {} : { restartMs }),
    startLimitBurst: number('StartLimitBurst'),
    ...(startLimitIntervalMs === undefined ? {} : { startLimitIntervalMs }),
    run: {
      subState: text('SubState'),
      mainPid: number('MainPID'),
      invocationId: text('InvocationID'),
      restarts: number('NRestarts'),
      result: text('Result'),
      exitStatus: number('ExecMainStatus'),
      activeSince: text('ActiveEnterTimestampMonotonic'),
      mainStarted: text('ExecMainStartTimestampMonotonic'),
      activeFor:
        text('ActiveState') === 'active' ? Math.max(0, uptime - number('ActiveEnterTimestampMonotonic') / 1e6) : 0,
      controlGroup: text('ControlGroup'),
    },
  });
}

const units: Readonly<Record<string, number>> = {
  us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, month: 2_629_800_000, y: 31_557_600_000,
}; // biome-ignore format: a table

/** A time as `systemctl show` prints it, `5min 30s`, in milliseconds; undefined for `infinity` and an empty value. */
export function milliseconds(text: string): number | undefined {
  if (text === '' || text === 'infinity') return undefined;
  let sum = 0;
  for (const word of text.split(' ')) {
    const match = /^([\d.]+)([a-z]*)$/.exec(word);
    const factor = units[match?.[2] === '' ? 'us' : (match?.[2] ?? '')];
    if (match?.[1] === undefined || factor === undefined) return undefined;
    sum += Number(match[1]) * factor;
  }
  return sum;
}
