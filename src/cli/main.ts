/**
 * src/cli is the command `heal`: it reads the command line, wires the other folders together and is the only place that
 * knows the process: its arguments, streams, signals and exit code. It may import everything; nothing imports it.
 *
 * This file is what node starts. It loads as little as it can: `heal --version` must not wait for yargs, ssh2 or listr2.
 */
import { findPackage } from './package-root.ts';

// Names are looked up on the threads of libuv, half of them at a time (4 by default, so 2): with a dead resolver two unknown
// names would keep all other hosts waiting. It is read when the first of them is used.
process.env['UV_THREADPOOL_SIZE'] ??= '64';

const args = process.argv.slice(2);

if (args.length === 1 && args[0] === '--version') {
  process.stdout.write(`heal ${findPackage().version}\n`);
} else {
  const { command } = await import('./command.ts');
  await command(args);
}
