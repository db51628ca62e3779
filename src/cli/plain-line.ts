import { type Command, commands, type Flag, positionals } from './flags.ts';
import type { Options } from './options.ts';
import { readOptions } from './read-options.ts';

/**
 * The Options of a command line in plain notation: a command, its positional arguments, and options as `--name`,
 * `--name value`, `--name=value` or `-n value`. Nearly all are, and loading and setting up yargs needs a quarter of the time
 * in which a run should start. Undefined only means that yargs must read the line: yargs decides, writes the help and finds
 * errors.
 * @throws HealError of kind `usage` for a value that an option does not accept
 */
export function plainOptions(args: readonly string[]): Options | undefined {
  const command = commands.find((one) => one.name === args[0]);
  const values = command === undefined ? undefined : plainValues(args.slice(1), command);
  return command === undefined || values === undefined ? undefined : readOptions(values, command);
}

/**
 * Removes the command of `heal ssh HOST COMMAND...` from the line: as with ssh(1), options after the host are the command's, and
 * its arguments are joined with spaces.
 */
export function splitRemote(args: readonly string[]): { head: readonly string[]; rest: Pick<Options, 'second'> } {
  const command = commands.find((one) => one.name === 'ssh' && one.name === args[0]);
  if (command === undefined) return { head: args, rest: {} };
  let index = 1;
  for (let arg = args[index]; arg?.startsWith('-') === true; arg = args[index]) {
    const found = flagOf(arg, command);
    // `--help`, or an unknown option.
    if (found === undefined) return { head: args, rest: {} };
    index += found.flag.kind !== 'boolean' && found.value === undefined ? 2 : 1;
  }
  const words = args.slice(index + 1);
  if (words[0] === '--') words.shift();
  return { head: args.slice(0, index + 1), rest: words.length === 0 ? {} : { second: words.join(' ') } };
}

function plainValues(args: readonly string[], command: Command): Map<string, unknown> | undefined {
  const names = positionals(command);
  const needed = command.takes.split('<').length - 1;
  const values = new Map<string, unknown>();
  let words = 0;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (!arg.startsWith('-')) {
      const name = names[words];
      if (name === undefined || !isPlain(arg)) return undefined;
      values.set(name, arg);
      words += 1;
      continue;
    }
    const found = flagOf(arg, command);
    if (found === undefined) return undefined;
    const { flag, times } = found;
    if (flag.kind === 'boolean' || flag.kind === 'count') {
      // yargs treats these as the value of a boolean.
      if (found.value !== undefined || /^(true|false)$/.test(args[index + 1] ?? '')) return undefined;
      values.set(flag.name, flag.kind === 'boolean' ? true : Number(values.get(flag.name) ?? 0) + times);
      continue;
    }
    const value = found.value ?? args[index + 1] ?? '';
    if (found.value === undefined) index += 1;
    if (!isPlain(value)) return undefined;
    const before = values.get(flag.name);
    values.set(flag.name, flag.kind === 'text' ? value : [...(Array.isArray(before) ? before : []), value]);
  }
  return words < needed ? undefined : values;
}

/** The option that an argument names, with the value after its `=`, and the number of its letters (`-vv`). */
function flagOf(arg: string, command: Command): { flag: Flag; value?: string; times: number } | undefined {
  const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
  if (name !== undefined) {
    const flag = command.flags.find((one) => one.name === name);
    return flag === undefined ? undefined : { flag, times: 1, ...(value === undefined ? {} : { value }) };
  }
  const letters = arg.slice(1);
  const flag = command.flags.find((one) => one.alias === letters[0]);
  if (flag === undefined) return undefined;
  const repeats = flag.kind === 'count' ? [...letters].every((letter) => letter === flag.alias) : letters.length === 1;
  return repeats ? { flag, times: letters.length } : undefined;
}

/** Whether yargs would neither treat it as an option nor unquote or convert it. */
function isPlain(value: string): boolean {
  return value !== '' && !/^[-'"]/.test(value) && !/^(true|false)$/.test(value);
}
