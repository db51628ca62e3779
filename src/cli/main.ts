/**
 * src/cli is the command `heal`: it reads the command line, connects the other directories and is the only place
 * that accesses the process: its arguments, streams, signals and exit code. It may import everything; nothing imports it.
 *
 * This is the file that node starts. It loads as little as possible: `heal --version` must not wait for yargs, ssh2 or listr2.
 */
import { findPackage } from './package-root.ts';

const args = process.argv.slice(2);

if (args.length === 1 && args[0] === '--version') {
  process.stdout.write(`heal ${findPackage().version}\n`);
} else {
  const { command } = await import('./command.ts');
  await command(args);
}
