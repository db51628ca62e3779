import type { Change } from '../../core/change.ts';
import type { Scope } from '../../core/scope.ts';
import type { Sh } from '../../core/sh.ts';
import { manager, systemctl, type Unit, type UnitScope } from '../../probes/unit.ts';
import { sh } from '../../shell/sh.ts';

/** A unit and its manager. */
export interface Target {
  readonly unit: string;
  readonly scope: UnitScope;
}

/** Why a unit can't reach the desired state. */
export interface Refusal {
  readonly failed: string;
  readonly hint?: string;
}

/** Seconds for which a service without readiness notification must run after its start. */
const holdSeconds = 1;

/**
 * The manager reads its unit files again, because of these units (default: all). It then also notices earlier changes of other
 * units; the old answers about those say at worst that they still need a reload, and doing that twice is harmless.
 */
export function reloadChange(scope: UnitScope, units?: readonly string[]): Change {
  return {
    title: `reload the unit files of the ${scope} manager`,
    sign: '~',
    act: { kind: 'program', script: sh`${manager(scope)}${systemctl(scope)} daemon-reload` },
    touches: units?.map((unit): Scope => `unit:${scope}/${unit}`) ?? [`units:${scope}`],
  };
}

/** Enables, disables, masks or unmasks. */
export function controlChange(target: Target, verb: 'enable' | 'disable' | 'mask' | 'unmask'): Change {
  const { unit, scope } = target;
  return {
    title: `${verb} ${unit}`,
    sign: verb === 'enable' || verb === 'unmask' ? '+' : '-',
    // Its "Created symlink" is not an error, but is printed on stderr.
    act: { kind: 'program', script: sh`${manager(scope)}${systemctl(scope)} --quiet ${verb} -- ${unit}` },
    touches: [`unit:${scope}/${unit}`],
  };
}

/** Sends a signal to the unit's main process. */
export function killChange(target: Target, signal: string): Change {
  const { unit, scope } = target;
  return {
    title: `send SIG${signal} to the main process of ${unit}`,
    sign: '~',
    // --kill-who is the option of systemd before 252, and later versions still accept it.
    act: {
      kind: 'program',
      script: sh`${manager(scope)}${systemctl(scope)} kill --kill-who=main --signal=${signal} -- ${unit}`,
    },
    touches: running(target),
  };
}

/** Starts, stops, restarts or reloads; undefined if nothing must be changed. `before` are the answers from before the act. */
export function runChange(
  state: 'started' | 'stopped' | 'restarted' | 'reloaded',
  target: Target,
  now: Unit,
  before: Unit | undefined,
): Change | Refusal | undefined {
  const runs = now.activeState === 'active' || now.activeState === 'reloading';
  const again = before?.run !== undefined && now.run !== undefined && before.run.invocationId !== now.run.invocationId;
  switch (state) {
    case 'started':
      if (runs) return undefined;
      if (before !== undefined && ended(now)) return undefined;
      return start(target, now, 'start');
    case 'restarted':
      if ((again && runs) || (before !== undefined && ended(now))) return undefined;
      return start(target, now, 'restart');
    case 'stopped':
      if (now.activeState === 'inactive' || now.activeState === 'failed') return undefined;
      return change(target, 'stop', '-', sh`ctl stop -- ${target.unit} || why`, pidNote(now));
    case 'reloaded':
      if (before !== undefined && runs) return undefined;
      if (!runs)
        return { failed: `${target.unit} does not run, so it can't be reloaded`, hint: 'state: restarted starts it' };
      if (!now.canReload) return { failed: `${target.unit} can't be reloaded`, hint: 'state: restarted restarts it' };
      return change(target, 'reload', '~', sh`ctl reload -- ${target.unit} || why`);
  }
}

/**
 * A start that proves itself. The start limit is reset first: a unit that has reached it, or a crashing one that is about to,
 * could not be started (StartLimitBurst in systemd.unit(5)). A simple service counts as started as soon as its process exists; so it is watched for a second.
 */
function start(target: Target, now: Unit, verb: 'start' | 'restart'): Change {
  const { unit } = target;
  const failed = now.activeState === 'failed';
  const waiting = now.activeState === 'activating';
  const note = failed
    ? ` (it had failed: ${now.run?.result ?? 'unknown'})`
    : waiting
      ? ` (it was ${now.run?.subState ?? 'activating'})`
      : '';
  const watched = ['simple', 'exec', 'idle', 'forking'].includes(now.type);
  const script = sh`
    ctl reset-failed -- ${unit} 2>/dev/null
    ctl ${verb} -- ${unit} || why
    ${watched ? hold(unit) : sh`:`}
  `;
  return change(target, verb, verb === 'start' ? '+' : '~', script, note);
}

/** The process that a stop ends. */
function pidNote(now: Unit): string {
  const pid = now.run?.mainPid ?? 0;
  return pid === 0 ? '' : ` (pid ${pid})`;
}

function hold(unit: string): Sh {
  return sh`
    first=$(ctl show -p InvocationID -- ${unit})
    sleep ${holdSeconds}
    case $(ctl show -p ActiveState -- ${unit}) in
      *=active|*=reloading) [ "$first" = "$(ctl show -p InvocationID -- ${unit})" ] || why ;;
      *) why ;;
    esac
  `;
}

function change(target: Target, verb: string, sign: Change['sign'], act: Sh, note = ''): Change {
  const { unit, scope } = target;
  const journal = scope === 'user' ? sh`journalctl --user-unit ${unit}` : sh`journalctl -u ${unit}`;
  return {
    title: `${verb} ${unit}${note}`,
    sign,
    act: {
      kind: 'program',
      script: sh`
        ${manager(scope)}ctl() { ${systemctl(scope)} --no-pager "$@"; }
        why() {
          {
            ctl show -p ActiveState -p SubState -p Result -p ExecMainStatus -- ${unit}
            echo 'its journal ends:'
            ${journal} -n 20 --no-pager -o cat 2>/dev/null
          } >&2
          exit 1
        }
        ${act}
      `,
    },
    touches: running(target),
    settles: 5,
  };
}

function running({ unit, scope }: Target): Scope[] {
  return [`unit:${scope}/${unit}`, 'ports', 'processes', 'http'];
}

/**
 * A oneshot that has completed successfully: it is active only while it works. systemd forgets such a unit at once, including
 * its invocation; its start, which fails if the unit fails, proves that it ran.
 */
function ended(now: Unit): boolean {
  return isOneshot(now) && now.activeState === 'inactive' && (now.run?.result ?? 'success') === 'success';
}

/** Whether it is active only while it works. */
export function isOneshot(now: Unit): boolean {
  return now.type === 'oneshot' && !now.remainAfterExit;
}
