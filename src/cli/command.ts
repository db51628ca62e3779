import { exitCodes, HealError, HealErrors } from '../core/errors.ts';
import { errorText } from '../report/error-text.ts';
import { aboutRun, writeCrash } from './crash.ts';
import { listen } from './interrupt.ts';
import type { Options } from './options.ts';
import { findPackage } from './package-root.ts';
import { plainOptions, splitRemote } from './plain-line.ts';
import { realWorld } from './real-world.ts';
import type { World } from './world.ts';

/** Exit code for a bug of heal. */
const bugCode = 250;
const showCursor = '\x1b[?25h';

/** Runs one command line and sets the exit code of the process. Never rejects. */
export async function command(args: readonly string[]): Promise<void> {
  const interrupt = listen(() => {
    if (process.stdout.isTTY) process.stdout.write(showCursor);
    process.exit(exitCodes.interrupted);
  });
  const world = realWorld(findPackage(), interrupt);
  let failed: number | undefined;
  const fail = (error: unknown): number => {
    // Further errors are consequences of the first.
    failed ??= tell(error, args, world);
    return failed;
  };
  process.on('uncaughtException', (error) => process.exit(fail(error)));
  process.on('unhandledRejection', (error) => process.exit(fail(error)));
  // The event loop is empty although the command has not ended: it waits for something that cannot come any more.
  const stuck = (): never => {
    const bug = new Error('the command waits for something that does not come');
    process.exit(fail(interrupt.signal.aborted ? interrupt.signal.reason : bug));
  };
  process.on('beforeExit', stuck);
  const code = await dispatch(args, world).catch(fail);
  process.off('beforeExit', stuck);
  process.exitCode = code;
  leaveSoon(code);
}

/**
 * The event loop ends as soon as all output is written. A socket that some library left open must not delay the prompt,
 * but output that a slow reader (`heal ... | less`) has not read yet must not be lost either.
 */
function leaveSoon(code: number): void {
  const look = (): void => {
    if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit(code);
    setTimeout(look, 1_000).unref();
  };
  setTimeout(look, 1_000).unref();
}

async function dispatch(args: readonly string[], world: World): Promise<number> {
  const { head, rest } = splitRemote(args);
  const plain = plainOptions(head);
  if (plain !== undefined) return start({ ...plain, ...rest }, world);
  const { parse } = await import('./parse.ts');
  const parsed = parse(head, world.terminal.columns);
  if (parsed.kind === 'version') world.out(`heal ${world.package.version}\n`);
  else if (parsed.kind === 'help') world.out(parsed.text);
  else return start({ ...parsed.options, ...rest }, world);
  return 0;
}

/** Loads the code of the commands only when one is needed. */
async function start(options: Options, world: World): Promise<number> {
  if (options.command === 'hosts') return (await import('./commands/hosts-command.ts')).hostsCommand(options, world);
  const commands = await import('./commands/commands.ts');
  switch (options.command) {
    case 'vars':
      return commands.varsCommand(options, world);
    case 'backup':
      return commands.backupCommand(options, world);
    case 'ping':
      return commands.pingCommand(options, world);
    case 'ssh':
      return commands.sshCommand(options, world);
    case 'cp':
      return commands.cpCommand(options, world);
    default:
      return commands.runCommand(options, world);
  }
}

/** Prints the error and returns the exit code. */
function tell(error: unknown, args: readonly string[], world: World): number {
  const { clean, errorPaint: paint, err } = world;
  const known = error instanceof HealError || error instanceof HealErrors;
  // Which of the running operations noticed the signal first, and its message, does not matter.
  if (known && world.interrupt.signal.aborted) {
    err(`${errorText(new HealError('interrupted', 'interrupted'), { clean, paint })}\n`);
    return exitCodes.interrupted;
  }
  if (error instanceof HealError || error instanceof HealErrors) {
    err(`${errorText(error, { clean, paint })}\n`);
    const kind = error instanceof HealError ? error.kind : (error.errors[0]?.kind ?? 'error');
    return exitCodes[kind];
  }
  const crashFile = writeCrash(error, aboutRun(world.package.version, args), world.cwd, world.mask);
  err(`${errorText(error, { clean, paint, ...(crashFile === undefined ? {} : { crashFile }) })}\n`);
  return bugCode;
}
