import type { JsonObject } from '../core/json.ts';
import { unit as ask, fullName, type Unit } from '../probes/unit.ts';
import { defineModule } from './definition/define.ts';
import { unitName, unitScope } from './definition/schemas.ts';

/** Checks the state of a systemd unit: active, enabled, for how long, or with a new process since a drill broke it. */
export const unit = defineModule({
  name: 'unit',
  about:
    'Checks the state of a systemd unit: active, enabled, for how long, or with a new process since a drill broke it.',
  readonly: true,
  args: {
    properties: {
      unit: unitName,
      scope: unitScope,
      active: {
        anyOf: [
          { type: 'boolean' },
          { enum: ['active', 'inactive', 'failed', 'activating', 'deactivating', 'reloading'] },
        ],
        description: "Whether the unit must be active, or its required state (systemd's `ActiveState`).",
      },
      sub: {
        type: 'string',
        description: "Required sub-state of the unit (systemd's `SubState`), e.g. running, waiting, exited.",
      },
      enabled: { type: 'boolean', description: 'Whether the unit starts at boot.' },
      masked: { type: 'boolean' },
      restart: { type: 'string', description: 'Required value of `Restart=`.' },
      steady: {
        type: 'integer',
        minimum: 0,
        description: 'Minimum seconds that the unit has been active without a restart.',
      },
      new_process: {
        type: 'boolean',
        description:
          "In drills only: whether the main process must differ from the one before the drill's `break` step.",
      },
    },
    required: ['unit'],
  },
  examples: [
    {
      name: "The app's unit is enabled and stays up",
      args: { unit: 'app.service', enabled: true, active: true, steady: 5 },
    },
  ],
  reads: (args, _look, input) => {
    const home = input.account.user === undefined ? input.facts.home : `/home/${input.account.user}`;
    return {
      unit: ask(args.unit, args.scope === 'user' ? { scope: 'user', home } : { scope: 'system' }, input.account),
    };
  },
  plan: (args, answers, _input, before) => {
    const there = answers.unit;
    const wrong: string[] = [];
    const want = (holds: boolean, words: string): void => {
      if (!holds) wrong.push(words);
    };
    const active = there?.activeState ?? 'inactive';
    const runs = active === 'active' || active === 'reloading';
    const why = active === 'failed' && there?.run !== undefined ? ` (${there.run.result})` : '';
    if (typeof args.active === 'boolean')
      want(runs === args.active, `is ${active}${why}, not ${args.active ? 'active' : 'inactive'}`);
    if (typeof args.active === 'string') want(active === args.active, `is ${active}${why}, not ${args.active}`);
    if (args.sub !== undefined)
      want(there?.run?.subState === args.sub, `is ${there?.run?.subState ?? 'dead'}, not ${args.sub}`);
    if (args.enabled !== undefined) {
      const state = there?.unitFileState ?? '';
      want(
        (state === 'enabled') === args.enabled,
        `is ${state === '' ? 'not enabled' : state}, not ${args.enabled ? 'enabled' : 'disabled'}`,
      );
    }
    if (args.masked !== undefined) {
      want((there?.loadState === 'masked') === args.masked, args.masked ? 'is not masked' : 'is masked');
    }
    if (args.restart !== undefined)
      want(there?.restart === args.restart, `has Restart=${there?.restart ?? ''}, not ${args.restart}`);
    if (args.steady !== undefined) {
      const seconds = Math.floor(there?.run?.activeFor ?? 0);
      want(runs && seconds >= args.steady, `has been active for ${seconds} s, not ${args.steady}`);
    }
    if (args.new_process !== undefined && before !== undefined) {
      want(
        isNew(before.unit, there) === args.new_process,
        args.new_process ? 'has no new main process' : 'has a new main process',
      );
    }
    if (there === undefined) wrong.unshift('is not there');
    const result = resultOf(args.unit, there);
    return wrong.length === 0
      ? { changes: [], result }
      : { changes: [], result, failed: `${fullName(args.unit)} ${wrong.join(', ')}` };
  },
});

function isNew(before: Unit | undefined, now: Unit | undefined): boolean {
  const pid = now?.run?.mainPid ?? 0;
  if (pid === 0) return false;
  // A pid may be reused; then the start time differs.
  return pid !== before?.run?.mainPid || now?.run?.mainStarted !== before.run.mainStarted;
}

function resultOf(name: string, there: Unit | undefined): JsonObject {
  return {
    name: fullName(name),
    exists: there !== undefined,
    load_state: there?.loadState ?? 'not-found',
    active_state: there?.activeState ?? 'inactive',
    sub_state: there?.run?.subState ?? 'dead',
    unit_file_state: there?.unitFileState ?? '',
    fragment_path: there?.fragmentPath ?? '',
    need_daemon_reload: there?.needDaemonReload ?? false,
    restart: there?.restart ?? '',
    start_limit_burst: there?.startLimitBurst ?? 0,
    main_pid: there?.run?.mainPid ?? 0,
    restarts: there?.run?.restarts ?? 0,
    result: there?.run?.result ?? '',
    exit_status: there?.run?.exitStatus ?? 0,
    active_for: Math.floor(there?.run?.activeFor ?? 0),
    invocation_id: there?.run?.invocationId ?? '',
  };
}
