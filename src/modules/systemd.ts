import { type Change, predicts } from '../core/change.ts';
import type { Decision, Input } from '../core/module.ts';
import { present } from '../core/state.ts';
import { fullName, type Unit, type UnitScope, unit } from '../probes/unit.ts';
import { defineModule } from './definition/define.ts';
import { unitName, unitScope } from './definition/schemas.ts';
import { controlChange, isOneshot, killChange, reloadChange, runChange, type Target } from './systemd/unit-changes.ts';

/** Manages the state of a systemd unit: started or stopped, enabled or disabled. Also restarts, reloads and signals it. */
export const systemd = defineModule({
  name: 'systemd',
  about:
    'Manages the state of a systemd unit: started or stopped, enabled or disabled. Also restarts, reloads and signals it.',
  args: {
    properties: {
      unit: unitName,
      name: { ...unitName, description: 'Alias of `unit`.' },
      scope: unitScope,
      state: {
        enum: ['started', 'stopped', 'restarted', 'reloaded'],
        description: '`restarted` and `reloaded` act on every run; use them in handlers.',
      },
      enabled: { type: 'boolean', description: 'Whether the unit starts at boot.' },
      masked: { type: 'boolean', description: 'Whether the unit is masked.' },
      daemon_reload: {
        type: 'boolean',
        description: 'Whether to run daemon-reload. Default: if systemd reports that unit files changed.',
      },
      signal: {
        type: 'string',
        pattern: '^[A-Z][A-Z0-9+-]*$',
        description: 'Signal to send to the main process of the unit, e.g. KILL. For drills.',
      },
    },
    required: [],
  },
  aliases: { service: 'unit', 'daemon-reload': 'daemon_reload' },
  examples: [
    { name: 'The app runs now and at every boot', args: { unit: 'app.service', state: 'started', enabled: true } },
    { name: 'Restart the gateway of root', args: { unit: 'gateway.service', scope: 'user', state: 'restarted' } },
  ],
  reads: (args, _look, input) => {
    const name = args.unit ?? args.name;
    return { unit: name === undefined ? undefined : ask(name, args.scope, input) };
  },
  plan: (args, answers, input, before) => {
    const name = args.unit ?? args.name;
    if (name === undefined) {
      if (args.daemon_reload !== true) return { changes: [], failed: 'systemd needs a unit' };
      return before === undefined ? [{ ...reloadChange(args.scope), proven: false }] : [];
    }
    const there = answers.unit;
    const target: Target = { unit: fullName(name), scope: args.scope };
    const result = resultOf(target, there);
    const fail = (failed: string, hint?: string): Decision => ({
      changes: [],
      result,
      failed,
      ...(hint === undefined ? {} : { hint }),
    });

    if (there === undefined || there.loadState === 'not-found') return gone(args, target, there, result);
    const willBeMasked = args.masked ?? there.loadState === 'masked';
    if (willBeMasked && (args.state === 'started' || args.state === 'restarted')) {
      return fail(`${target.unit} is masked, so it can't be started`, 'masked: false unmasks it');
    }

    if (
      args.masked === true &&
      there.loadState !== 'masked' &&
      /^(\/etc|.*\/\.config)\/systemd\//.test(there.fragmentPath)
    ) {
      return fail(
        `${target.unit} can't be masked: its own file is where the mask would be, ${there.fragmentPath}`,
        'enabled: false with state: stopped keeps it down; or move that file away',
      );
    }

    const changes: Change[] = [];
    // A unit whose file was missing at the last reload is `error` (EBUSY while it runs), and systemd does not report that it
    // must be reloaded although the file exists again.
    const stale = there.needDaemonReload || (there.loadState === 'error' && before === undefined);
    const reloads = stale && args.daemon_reload !== false;
    if (reloads) changes.push(reloadChange(args.scope, [target.unit]));
    let next: Unit | undefined = reloads ? { ...there, needDaemonReload: false, loadState: 'loaded' } : { ...there };
    if (args.masked !== undefined && args.masked !== (there.loadState === 'masked')) {
      // The links that enable a unit stay under its mask, so that it would start at boot once it is unmasked.
      if (args.masked && args.enabled === false && enabling(false, next) === 'change') {
        changes.push(controlChange(target, 'disable'));
      }
      changes.push(controlChange(target, args.masked ? 'mask' : 'unmask'));
      // The state of a unit under its mask is not visible, nor which of its settings systemd forgets because of a mask.
      next = undefined;
    }
    if (args.enabled !== undefined && args.masked !== true) {
      // Whether systemd will report it as enabled after it has read the file again is not known in advance.
      const unread = reloads && there.loadState === 'error' && there.unitFileState === '';
      const verdict = unread && args.enabled ? 'change' : enabling(args.enabled, next ?? there);
      if (verdict === 'change') {
        changes.push(controlChange(target, args.enabled ? 'enable' : 'disable'));
        next = next && { ...withoutLinks(next), unitFileState: args.enabled ? 'enabled' : 'disabled' };
      }
      if (verdict === 'bad')
        return fail(
          `${target.unit} can't be ${args.enabled ? 'enabled' : 'disabled'}: its files are ${there.loadState}`,
        );
    }
    const run = args.state === undefined ? undefined : runChange(args.state, target, there, before?.unit);
    if (run !== undefined && 'failed' in run) return fail(run.failed, run.hint);
    if (run !== undefined) {
      changes.push(run);
      next = next && { ...next, activeState: args.state === 'stopped' || isOneshot(there) ? 'inactive' : 'active' };
    }
    if (args.signal !== undefined && before === undefined) {
      if (there.run?.mainPid === 0) return fail(`${target.unit} has no main process`);
      return { changes: [...changes, killChange(target, args.signal)], result };
    }

    if (next === undefined) return { changes, result };
    const { run: _run, ...predicted } = next;
    const question = ask(name, args.scope, input);
    // Each predicts the final state after all changes: a plan is read from its end.
    return {
      changes: changes.map((change) => ({ ...change, predicts: [predicts(question, present(predicted))] })),
      result,
    };
  },
});

function ask(name: string, scope: UnitScope, input: Input): ReturnType<typeof unit> {
  const own = input.account.user === undefined ? input.facts.home : `/home/${input.account.user}`;
  return unit(name, scope === 'user' ? { scope, home: own } : { scope }, input.account);
}

/** A unit that systemd doesn't know counts as stopped and disabled. */
function gone(
  args: { readonly state?: string; readonly enabled?: boolean; readonly masked?: boolean; readonly signal?: string },
  target: Target,
  there: Unit | undefined,
  result: Decision['result'],
): Decision {
  const base = result === undefined ? {} : { result };
  const wantsIt = args.enabled === true || args.masked === true || args.signal !== undefined;
  if (wantsIt || (args.state !== undefined && args.state !== 'stopped')) {
    return {
      changes: [],
      ...base,
      failed: `there is no unit ${target.unit}`,
      hint: 'put its file in place before this task',
    };
  }
  const stop =
    args.state === 'stopped' && there !== undefined ? runChange('stopped', target, there, undefined) : undefined;
  return {
    changes: stop === undefined || 'failed' in stop ? [] : [stop],
    ...base,
    message: `there is no unit ${target.unit}`,
  };
}

/** Unit files that are neither enabled nor disabled (static, generated) are started by other units: nothing to change. */
function enabling(wanted: boolean, { unitFileState, loadState, missingLinks }: Unit): 'ok' | 'change' | 'bad' {
  if (loadState === 'bad-setting' || loadState === 'error') return wanted ? 'bad' : 'ok';
  switch (unitFileState) {
    case 'enabled':
      return wanted && missingLinks === undefined ? 'ok' : 'change';
    case 'enabled-runtime':
    case 'linked':
    case 'linked-runtime':
    case 'disabled':
    case 'masked':
    case 'masked-runtime':
      return wanted ? 'change' : 'ok';
    default:
      return 'ok';
  }
}

function withoutLinks({ missingLinks: _, ...rest }: Unit): Unit {
  return rest;
}

function resultOf(target: Target, there: Unit | undefined): NonNullable<Decision['result']> {
  return {
    name: target.unit,
    active_state: there?.activeState ?? 'inactive',
    unit_file_state: there?.unitFileState ?? '',
    main_pid: there?.run?.mainPid ?? 0,
  };
}
