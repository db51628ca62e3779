import type { Change } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import type { Decision } from '../core/module.ts';
import { container as ask, type Container, isRunning } from '../probes/container.ts';
import { defineModule } from './definition/define.ts';
import { killChange, policyChange, removeChange, stateChange } from './docker/container-changes.ts';
import { containerName } from './docker/docker-schemas.ts';

/** Manages the state of an existing container: running, stopped or absent. Also checks its health, restarts and signals it. */
export const container = defineModule({
  name: 'container',
  about:
    'Manages the state of an existing container: running, stopped or absent. Also checks its health, restarts and signals it.',
  args: {
    properties: {
      name: containerName,
      state: {
        enum: ['started', 'stopped', 'restarted', 'absent'],
        description:
          '`restarted` restarts the container on every run; use it in handlers. This module does not create containers; use `compose`.',
      },
      restart_policy: {
        type: 'string',
        pattern: '^(no|always|unless-stopped|on-failure(:[1-9]\\d*)?)$',
        description: 'Restart policy of the container.',
      },
      stop_timeout: { type: 'integer', minimum: 0, description: 'Seconds between the stop signal and SIGKILL.' },
      running: { type: 'boolean', description: 'Check: whether the container runs.' },
      healthy: { type: 'boolean', description: 'Check: whether the container is healthy.' },
      steady: {
        type: 'integer',
        minimum: 0,
        description: 'Check: minimum seconds that the container has run without a restart.',
      },
      new_process: {
        type: 'boolean',
        description:
          "Check, in drills only: `true` requires that the container was restarted after the drill's `break` step.",
      },
      signal: {
        type: 'string',
        pattern: '^[A-Z][A-Z0-9+-]*$',
        description: 'Signal to send to the main process, e.g. KILL. For drills.',
      },
    },
    required: ['name'],
  },
  shorthand: 'name',
  examples: [
    {
      name: 'The database runs, and does so after a reboot',
      args: { name: 'db', state: 'started', restart_policy: 'unless-stopped' },
    },
    { name: 'The bot is well', args: { name: 'bot', running: true, healthy: true } },
  ],
  reads: (args, _look, input) => ({ container: ask(args.name, input.account) }),
  plan: (args, answers, input, before) => {
    const there = answers.container;
    const result = resultOf(args.name, there);
    const fail = (failed: string, hint?: string): Decision => ({
      changes: [],
      result,
      failed,
      ...(hint === undefined ? {} : { hint }),
    });
    if (args.state === 'absent') {
      if (there === undefined) return { changes: [], result };
      return { changes: [removeChange(there, args.stop_timeout, input)], result };
    }
    const wrong = checked(args, there, before?.container, before !== undefined);
    if (there === undefined) {
      const wanted = args.state === 'started' || args.state === 'restarted' || args.restart_policy !== undefined;
      if (wanted || args.signal !== undefined || wrong.length > 0) {
        return fail(`there is no container ${args.name}`, 'compose: { project_src: ... } creates it');
      }
      return { changes: [], result, message: `there is no container ${args.name}` };
    }
    const changes: Change[] = [];
    if (args.restart_policy !== undefined && args.restart_policy !== there.restartPolicy) {
      changes.push(policyChange(there, args.restart_policy, input));
    }
    const run =
      args.state === undefined
        ? undefined
        : stateChange(args.state, there, before?.container, args.stop_timeout, input);
    if (run !== undefined) changes.push(run);
    if (args.signal !== undefined && before === undefined) {
      if (there.status !== 'running') return fail(`${args.name} does not run (${there.status})`);
      changes.push(killChange(there, args.signal));
    }
    // Health and other checks apply to the existing container once it is in the desired state.
    if (changes.length === 0 && wrong.length > 0) return fail(`${args.name} ${wrong.join(', ')}`);
    return { changes: withPolicy(changes, args.restart_policy), result };
  },
});

interface Checks {
  readonly running?: boolean;
  readonly healthy?: boolean;
  readonly steady?: number;
  readonly new_process?: boolean;
}

function checked(
  args: Checks,
  there: Container | undefined,
  before: Container | undefined,
  drilled: boolean,
): readonly string[] {
  const wrong: string[] = [];
  const runs = there !== undefined && isRunning(there);
  const status = there?.status ?? 'absent';
  const health = there?.run?.health ?? 'none';
  const code = status === 'exited' ? ` (exit code ${there?.run?.exitCode ?? 0})` : '';
  if (args.running !== undefined && args.running !== runs) {
    wrong.push(`is ${status}${code}, not ${args.running ? 'running' : 'stopped'}`);
  }
  if (args.healthy !== undefined && args.healthy !== (runs && health === 'healthy')) {
    const words = health === 'none' ? `has no health${runs ? ' check' : `: it is ${status}`}` : `is ${health}`;
    wrong.push(args.healthy ? words : 'is healthy');
  }
  if (args.steady !== undefined) {
    const seconds = Math.floor(there?.run?.upFor ?? 0);
    if (!runs || seconds < args.steady) wrong.push(`has run for ${seconds} s, not ${args.steady}`);
  }
  if (args.new_process !== undefined && drilled) {
    const isNew = runs && (there.id !== before?.id || there.run?.startedAt !== before.run?.startedAt);
    if (isNew !== args.new_process) wrong.push(`was ${isNew ? '' : 'not '}restarted`);
  }
  return wrong;
}

/** Each predicts the final state after all changes: a plan is read from its end. */
function withPolicy(changes: readonly Change[], policy: string | undefined): readonly Change[] {
  if (policy === undefined || changes.length < 2) return changes;
  return changes.map((change, index) => {
    const { predicts: predicted, ...rest } = change;
    if (index < changes.length - 1) return rest;
    return {
      ...rest,
      predicts: (predicted ?? []).map((one) =>
        one.state.kind === 'present'
          ? { ...one, state: { ...one.state, value: { ...(one.state.value as Container), restartPolicy: policy } } }
          : one,
      ),
    };
  });
}

function resultOf(name: string, there: Container | undefined): JsonObject {
  return {
    name,
    exists: there !== undefined,
    id: there?.id ?? '',
    image: there?.image ?? '',
    status: there?.status ?? 'absent',
    running: there !== undefined && isRunning(there),
    health: there?.run?.health ?? 'none',
    failing_streak: there?.run?.failingStreak ?? 0,
    restart_policy: there?.restartPolicy ?? '',
    restart_count: there?.run?.restarts ?? 0,
    started_at: there?.run?.startedAt ?? '',
    up_for: Math.floor(there?.run?.upFor ?? 0),
    pid: there?.run?.pid ?? 0,
    exit_code: there?.run?.exitCode ?? 0,
    mounts: (there?.mounts ?? []).map((mount) => ({ ...mount })),
    labels: { ...there?.labels },
  };
}
