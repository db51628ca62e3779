import { HealError } from '../../core/errors.ts';
import type { Window } from '../../ssh/interactive.ts';
import type { Options } from '../options.ts';
import { canAsk } from '../prompt.ts';
import { withSession } from '../with-session.ts';
import type { World } from '../world.ts';

/**
 * `heal ssh HOST [COMMAND]`: a shell on a host, or one command, with the login of a run. Ends with the exit code of the
 * shell or command, as ssh(1) does; with 255 if the connection ended first, with 4 if the host is unreachable.
 */
export async function sshCommand(options: Options, world: World): Promise<number> {
  const { second: command } = options;
  const wantsTerminal = command === undefined || options.given.has('tty');
  if (wantsTerminal && command === undefined && !canAsk()) {
    throw new HealError('usage', 'a shell needs a terminal', {
      hint: `for one command: heal ssh ${options.target} COMMAND`,
    });
  }
  const { stdin, stdout, stderr } = process;
  return withSession(options.target, options, world, async (host) => {
    const raw = wantsTerminal && stdin.isTTY === true;
    if (raw) stdin.setRawMode(true);
    try {
      const streams = { input: stdin, output: stdout, errors: stderr };
      const code = await host.run(command, streams, wantsTerminal ? windowOf(world) : undefined);
      if (code === undefined && !world.interrupt.signal.aborted) {
        world.err(`error: the connection to ${world.clean.line(options.target)} was lost\n`);
      }
      return code ?? 255;
    } finally {
      if (raw) stdin.setRawMode(false);
    }
  });
}

function windowOf({ env }: World): Window {
  const { stdout } = process;
  return {
    term: env['TERM'] ?? 'xterm-256color',
    size: () => ({ rows: stdout.rows ?? 24, cols: stdout.columns ?? 80 }),
    onResize: (changed) => {
      stdout.on('resize', changed);
      return () => void stdout.off('resize', changed);
    },
  };
}
