import type { Change } from '../core/change.ts';
import type { Answers } from '../core/module.ts';
import type { Question } from '../core/probe.ts';
import type { Scope } from '../core/scope.ts';
import type { Sh } from '../core/sh.ts';
import { type Listener, type Listening, listener } from '../probes/listener.ts';
import { fullName, type Unit, type UnitScope, unit } from '../probes/unit.ts';
import { sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';
import { port, unitName, unitScope } from './definition/schemas.ts';

/** Stops processes that listen on a TCP port, except those of `except_unit` and of containers. */
export const process = defineModule({
  name: 'process',
  about:
    'Stops processes that listen on a TCP port, except those of `except_unit` and of containers. Fails if such a process is the main process of a system service.',
  args: {
    properties: {
      port,
      except_unit: { ...unitName, description: 'Unit whose processes are allowed to listen.' },
      scope: unitScope,
      state: { enum: ['absent'], default: 'absent' },
      grace: { type: 'integer', minimum: 0, default: 10, description: 'Seconds between SIGTERM and SIGKILL.' },
    },
    required: ['port'],
  },
  examples: [{ name: "Only the app's unit listens on its port", args: { port: 8080, except_unit: 'app.service' } }],
  reads: (args, look, input) => {
    const listening = listener(args.port, input.account);
    const strays = straysOf(look(listening), args);
    // A process in a separate unit would be started again: so heal asks for the state of its unit.
    const own = strays.flatMap((one, i): [string, Question<Unit>][] =>
      one.unit === undefined || one.scope !== 'system' || !one.unit.endsWith('.service')
        ? []
        : [[`owner${i}`, unit(one.unit, { scope: one.scope }, input.account)]],
    );
    const owners: { readonly [name: `owner${number}`]: Question<Unit> } = Object.fromEntries(own);
    return { listening, ...owners };
  },
  plan: (
    args,
    answers: Answers<{ readonly [name: `owner${number}`]: Question<Unit>; readonly listening: Question<Listening> }>,
  ) => {
    const { listening } = answers;
    const strays = straysOf(listening, args);
    const result = {
      listeners: (listening?.processes ?? []).map(({ pid, comm, unit: owner, containerised }) => ({
        pid,
        comm,
        unit: owner ?? '',
        containerised,
      })),
    };
    if (strays.length === 0) {
      const hidden = listening?.hidden ?? 0;
      if (hidden > 0 && listening?.processes.length === 0) {
        return {
          changes: [],
          result,
          failed: `a process that can't be seen listens on port ${args.port}`,
          hint: 'become root',
        };
      }
      return { changes: [], result };
    }
    for (const [i, stray] of strays.entries()) {
      const owner = answers[`owner${i}`];
      if (owner?.run?.mainPid === stray.pid) {
        return {
          changes: [],
          result,
          failed: `${stray.comm} (pid ${stray.pid}) on port ${args.port} is the main process of ${stray.unit}`,
          hint: `stop that unit: systemd: { unit: ${stray.unit}, state: stopped, enabled: false }`,
        };
      }
    }
    return {
      changes: strays.map(
        (stray): Change => ({
          title: `stop ${stray.comm} (pid ${stray.pid}), which listens on port ${args.port}`,
          sign: '-',
          act: { kind: 'program', script: stopText(stray, listening?.sockets ?? [], args.grace) },
          touches: ['ports', 'processes', 'http', ...unitScopes(stray)],
          settles: 2,
        }),
      ),
      result,
    };
  },
});

interface Wanted {
  readonly except_unit?: string;
  readonly scope: UnitScope;
}

function straysOf(listening: Listening | undefined, { except_unit: unitGiven, scope }: Wanted): Listener[] {
  const owner = unitGiven === undefined ? undefined : fullName(unitGiven);
  return (listening?.processes ?? []).filter((one) => {
    if (one.containerised || one.pid === 1) return false;
    return owner === undefined || one.unit !== owner || one.scope !== scope;
  });
}

/** The only unit whose state the end of a process changes: that of its control group. */
function unitScopes({ unit: owner, scope }: Listener): Scope[] {
  return owner === undefined ? [] : [`unit:${scope}/${owner}`];
}

/**
 * The process is checked again right before each signal: pids are reused, and then the start time differs. The guard is
 * in the script itself, because a process may end while the first signal is processed.
 */
function stopText(stray: Listener, sockets: readonly string[], grace: number): Sh {
  const patterns = sockets.flatMap((inode) => ['-e', `socket:.${inode}]`]);
  return sh`
    alive() {
      read -r stat </proc/${stray.pid}/stat || return 1
      set -- \${stat##*) }
      [ "\${20}" = ${stray.started} ] && [ "$1" != Z ]
    } 2>/dev/null
    alive || exit 0
    ls -l /proc/${stray.pid}/fd 2>/dev/null | grep -q ${patterns} || exit 0
    kill -TERM ${stray.pid} || exit 1
    left=${grace * 10}
    while [ "$left" -gt 0 ] && alive; do sleep 0.1; left=$((left - 1)); done
    ! alive || kill -KILL ${stray.pid} || exit 1
    left=20
    while [ "$left" -gt 0 ] && alive; do sleep 0.1; left=$((left - 1)); done
    ! alive || die ${`process ${stray.pid} (${stray.comm}) can't be stopped`}
  `;
}
