import { type Account, type Item, type Question, question } from '../core/probe.ts';
import type { Scope } from '../core/scope.ts';
import type { Sh } from '../core/sh.ts';
import { present, type State } from '../core/state.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';
import { listFiles, missingLinks, overlooked, unitFileStateAfterReload } from './unit-files.ts';
import { fullName, properties, readUnits, type Unit, type UnitScope } from './unit-state.ts';

export type { Unit, UnitScope } from './unit-state.ts';
export { fullName } from './unit-state.ts';

interface UnitParams {
  /** With its suffix. */
  readonly unit: string;
  readonly scope: UnitScope;
  /** Home directory of the account; the user manager reads unit files in it. */
  readonly home?: string;
}

/**
 * State of a unit, with one `systemctl show` for all units of a manager. A unit that systemd can't find is `absent`, unless
 * it is still running or failed (its file was removed meanwhile).
 */
export const unitProbe = defineProbe<UnitParams, Unit>({
  name: 'unit',
  about: 'How a systemd unit is: loaded, enabled, active, since when, and with which settings.',
  cost: 25,
  deadline: 30,
  key: ({ unit, scope }) => `${scope} ${unit}`,
  scopes: ({ unit, scope, home }) => [
    `unit:${scope}/${unit}`,
    ...directories(scope, home).flatMap((directory) => filesOf(unit, directory)),
  ],
  ask: (items) =>
    joinSh(
      [
        ...(['system', 'user'] as const).flatMap((scope) => {
          const units = unitsOf(items, scope);
          return units.length === 0 ? [] : [askManager(scope, units)];
        }),
        sh`printf '\n%s uptime\n' "$N"; cat /proc/uptime 2>/dev/null`,
      ],
      '\n',
    ),
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    const uptime = Number.parseFloat(said.get('uptime')?.toString('latin1') ?? '') || 0;
    const states = new Map<string, State<Unit>>();
    for (const scope of ['system', 'user'] as const) {
      const text = said.get(scope)?.toString('utf8') ?? '';
      const found = readUnits(text, unitsOf(items, scope), uptime);
      for (const { id, params } of items.filter((item) => item.params.scope === scope)) {
        const state = found.get(params.unit) ?? (items.length === 1 ? unanswered(text) : undefined);
        const files = said.get(`${scope}-files`)?.toString('utf8') ?? '';
        if (state?.kind === 'present') {
          const needDaemonReload = state.value.needDaemonReload || overlooked(state.value, params.unit, files);
          const unitFileState = unitFileStateAfterReload(state.value, params.unit, files);
          const read = { ...state.value, needDaemonReload, unitFileState };
          const missing = missingLinks(read, params.unit, files);
          states.set(id, present({ ...read, ...(missing.length === 0 ? {} : { missingLinks: missing }) }));
        } else if (state !== undefined) states.set(id, state);
      }
    }
    return states;
  },
  guard: ({ unit, scope }, state) => {
    const now =
      state.kind === 'present'
        ? `ActiveState=${state.value.activeState}\nUnitFileState=${state.value.unitFileState}`
        : 'ActiveState=inactive\nUnitFileState=';
    return sh`${manager(scope)}[ "$(${systemctl(scope)} show -p ActiveState -p UnitFileState -- ${unit})" = ${now} ]`;
  },
});

/** Asks for the state of a unit. `scope` is the manager: that of the system, or that of the account (user). */
export function unit(
  name: string,
  options: { readonly scope: UnitScope; readonly home?: string },
  account: Account = {},
): Question<Unit> {
  return question(unitProbe, { ...options, unit: fullName(name) }, account);
}

/** `systemctl` for a manager; a script must run `manager(scope)` once before it. */
export function systemctl(scope: UnitScope): Sh {
  return scope === 'user' ? sh`systemctl --user` : sh`systemctl`;
}

/** Without a login session, an account finds its manager only with XDG_RUNTIME_DIR. */
export function manager(scope: UnitScope): Sh {
  return scope === 'user' ? sh`export XDG_RUNTIME_DIR="/run/user/$(id -u)"; ` : sh``;
}

function askManager(scope: UnitScope, units: readonly string[]): Sh {
  const ask = sh`SYSTEMD_COLORS=0 ${systemctl(scope)} show --no-pager -p ${properties.join(',')} -- ${units} 2>&1`;
  if (scope === 'system') {
    return sh`
      printf '\n%s system\n' "$N"
      if [ -d /run/systemd/system ]; then ${ask}; else echo 'systemd does not run on this host'; fi
      printf '\n%s system-files\n' "$N"
      ${listFiles(sh`${directories(scope, undefined).slice(0, 4)}`, units)}
    `;
  }
  return sh`
    printf '\n%s user\n' "$N"
    ${manager(scope)}
    if [ ! -d /run/systemd/system ]; then echo 'systemd does not run on this host'
    elif [ ! -S "$XDG_RUNTIME_DIR/systemd/private" ]; then echo "no user manager runs for $(id -un): turn on lingering for it"
    else ${ask}
    fi
    printf '\n%s user-files\n' "$N"
    ${listFiles(sh`"$HOME/.config/systemd/user" "$HOME/.local/share/systemd/user" ${directories(scope, undefined).slice(0, 3)}`, units)}
  `;
}

function unanswered(text: string): State<never> {
  const line = text.trim().split('\n').at(-1) ?? '';
  const why = line === '' || /^\w+=/.test(line) ? 'systemd gave no answer' : line;
  return /permission denied|access denied/i.test(line) ? { kind: 'denied', why } : { kind: 'unavailable', why };
}

function unitsOf(items: readonly Item<UnitParams>[], scope: UnitScope): string[] {
  return [...new Set(items.filter(({ params }) => params.scope === scope).map(({ params }) => params.unit))];
}

/** Where a directory may contain files of a unit (systemd.unit(5)): its file, that of its template, and drop-ins. */
function filesOf(unit: string, directory: string): Scope[] {
  const dot = unit.lastIndexOf('.');
  const suffix = unit.slice(dot + 1);
  const at = unit.indexOf('@');
  const names = at < 0 ? [unit] : [unit, `${unit.slice(0, at + 1)}.${suffix}`];
  const prefixes = [...unit.slice(0, dot).matchAll(/-(?=.)/g)].map(
    ({ index }) => `${unit.slice(0, index + 1)}.${suffix}`,
  );
  return [
    ...names.map((name): Scope => `path:${directory}/${name}`),
    ...[...names, ...prefixes, suffix].map((name): Scope => `tree:${directory}/${name}.d`),
  ];
}

function directories(scope: UnitScope, home: string | undefined): string[] {
  if (scope === 'system') {
    return [
      '/etc/systemd/system',
      '/run/systemd/system',
      '/usr/local/lib/systemd/system',
      '/usr/lib/systemd/system',
      '/lib/systemd/system',
    ];
  }
  const shared = ['/etc/systemd/user', '/run/systemd/user', '/usr/lib/systemd/user', '/lib/systemd/user'];
  return home === undefined ? shared : [...shared, `${home}/.config/systemd/user`, `${home}/.local/share/systemd/user`];
}
