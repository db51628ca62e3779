import type { Change } from '../core/change.ts';
import type { Scope } from '../core/scope.ts';
import type { Sh } from '../core/sh.ts';
import { command } from '../probes/command.ts';
import { joinSh, sh } from '../shell/sh.ts';
import { defineModule } from './definition/define.ts';

/** Restarts the host and waits until it has started. */
export const reboot = defineModule({
  name: 'reboot',
  about: 'Restarts the host and waits until it has started.',
  args: {
    properties: {
      reboot_timeout: {
        type: 'integer',
        minimum: 1,
        default: 600,
        description: 'Maximum seconds until a login succeeds, and again until the host has started.',
      },
      pre_reboot_delay: {
        type: 'integer',
        minimum: 0,
        default: 0,
        description: 'Seconds to wait before the restart.',
      },
      test_command: {
        type: 'string',
        minLength: 1,
        description:
          'Read-only shell command. The host has started when it exits with 0. Default: when systemd has finished starting its units.',
      },
      reboot_command: {
        type: 'string',
        minLength: 1,
        description: 'Shell command that restarts the host, instead of `systemctl reboot` or `reboot`.',
      },
    },
    required: [],
  },
  examples: [
    { name: 'The new kernel is in use', args: {} },
    {
      name: 'The host restarts and its app is up again',
      args: { reboot_timeout: 300, test_command: 'curl -fsS http://127.0.0.1:8080/' },
    },
  ],
  reads: (args, _look, input) => ({
    boot: command({ shell: bootText }, input.account),
    test: args.test_command === undefined ? undefined : command({ shell: args.test_command }, input.account),
  }),
  plan: (args, { boot, test }, _input, before) => {
    const now = bootOf(boot?.stdout);
    const isBack = before !== undefined && now.id !== bootOf(before.boot?.stdout).id;
    if (!isBack) return [goingDown(args, 'restart the host')];
    if (args.test_command !== undefined && test?.code !== 0) return [goingDown(args, 'test_command succeeds')];
    if (args.test_command === undefined && now.starting) return [goingDown(args, 'systemd has started all')];
    return { changes: [], result: { rebooted: true } };
  },
});

/** The boot's id (random(4)), then the state of systemd, if it is installed. */
const bootText = 'cat /proc/sys/kernel/random/boot_id; systemctl is-system-running 2>/dev/null || :';

function bootOf(stdout: Buffer | undefined): { readonly id: string; readonly starting: boolean } {
  const [id = '', state = ''] = (stdout?.toString('utf8') ?? '').split('\n');
  return { id, starting: state === 'initializing' || state === 'starting' };
}

interface Given {
  readonly reboot_timeout: number;
  readonly pre_reboot_delay: number;
  readonly reboot_command?: string;
}

/** The scopes that a reboot changes; files on disk survive. */
const touched: readonly Scope[] = [
  'processes', 'ports', 'http', 'docker', 'docker-engine', 'units:system', 'units:user', 'tree:/run', 'tree:/tmp', 'tree:/dev/shm',
]; // biome-ignore format: a list of words

/** The proof calls it again, with a title that says what it still waits for. */
function goingDown(args: Given, title: string): Change {
  return {
    title,
    sign: '~',
    act: { kind: 'reconnect', script: downText(args), within: args.reboot_timeout },
    touches: touched,
    settles: args.reboot_timeout,
  };
}

function downText(args: Given): Sh {
  const parts: Sh[] = args.pre_reboot_delay === 0 ? [] : [sh`sleep ${args.pre_reboot_delay}`];
  parts.push(
    args.reboot_command === undefined
      ? sh`if [ -d /run/systemd/system ]; then systemctl --no-block reboot; else reboot; fi`
      : sh`eval ${args.reboot_command}`,
  );
  return joinSh(parts, '\n');
}
