import yargs from 'yargs';
import { HealError } from '../core/errors.ts';
import { didYouMean } from '../project/yaml/spelling.ts';
import { type Command, commands, type Flag, positionals } from './flags.ts';
import type { CommandName, Options } from './options.ts';
import { readOptions } from './read-options.ts';

/** The request of the command line: a command, or a string to show. */
export type Parsed =
  | { readonly kind: 'command'; readonly options: Options }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** Options that yargs itself handles. */
const global: readonly Flag[] = [
  { name: 'help', alias: 'h', kind: 'boolean', about: 'show this help, or that of a command' },
  { name: 'version', kind: 'boolean', about: 'show the version' },
];

/**
 * Reads the arguments after `heal`. yargs splits them and writes the help; unknown options are checked here, because an
 * error must name one mistake and its remedy, not print the usage.
 * @throws HealError of kind `usage`
 */
export function parse(args: readonly string[], columns: number): Parsed {
  const asked = args[0] === 'help' ? [...args.slice(1), '--help'] : [...args];
  let help = '';
  let failure = '';
  const parser = build(columns).fail((message: string | undefined, error: Error | undefined) => {
    // yargs continues after the first failure; the first is the one to fix.
    if (failure === '') failure = message ?? error?.message ?? 'wrong usage';
  });
  const parsed = parser.parse(asked, {}, (_error: unknown, _argv: unknown, text: string) => {
    help = text;
  });
  if (parsed instanceof Promise) throw new Error('yargs answered later, though no command of ours does');
  const values = new Map<string, unknown>(Object.entries(parsed));
  if (values.get('version') === true) return { kind: 'version' };
  const words = texts(values.get('_'));
  const name = words[0] ?? '';
  const command = commands.find((one) => one.name === name);
  if (values.get('help') === true && (name === '' || command !== undefined)) return { kind: 'help', text: `${help}\n` };
  if (command === undefined) throw unknownCommand(name, asked);
  if (failure !== '') throw failed(failure, command);
  refuseUnknown(values, words.slice(1), command);
  return { kind: 'command', options: readOptions(values, command) };
}

function build(columns: number) {
  const parser = yargs([])
    .scriptName('heal')
    .usage('heal COMMAND ...\n\nApplies roles to hosts over SSH, and changes only what differs.')
    .locale('en')
    .exitProcess(false)
    .showHelpOnFail(false)
    .help('help', 'show this help, or that of a command')
    .alias('help', 'h')
    .version(false)
    .option('version', { type: 'boolean', describe: 'show the version' })
    .wrap(Math.min(100, columns))
    .epilogue(
      [
        'Exit codes: 0 success, 1 an error, 2 a host failed, 4 a host was unreachable',
        '(6 both), 5 wrong usage or files, 99 interrupted, 250 a bug in heal.',
      ].join('\n'),
    )
    // Values stay as written: a host named 007 is not a number, and "a.b" is not an object.
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      'strip-aliased': true,
      'boolean-negation': false,
    });
  for (const command of commands) {
    parser.command(
      `${command.name} ${command.takes}`,
      command.about,
      (one) => {
        one
          .usage(`heal ${command.name} ${command.takes}\n\n${capital(command.about)}.`)
          .epilogue('')
          .hide('version');
        for (const flag of command.flags) one.option(flag.name, yargsOption(flag));
        return one;
      },
      () => undefined,
    );
  }
  return parser;
}

function yargsOption(flag: Flag) {
  const base = { describe: flag.about, ...(flag.alias === undefined ? {} : { alias: flag.alias }) };
  switch (flag.kind) {
    case 'boolean':
      return { ...base, type: 'boolean' as const };
    case 'count':
      return { ...base, count: true, type: 'count' as const };
    case 'text':
      return { ...base, type: 'string' as const, requiresArg: true };
    case 'list':
      return { ...base, type: 'string' as const, array: true, requiresArg: true };
  }
}

/** Replaces the first argument in a hint, if it is not a playbook. */
const examples: Readonly<Partial<Record<CommandName, string>>> = {
  vars: 'jack4',
  backup: 'list',
  ssh: 'jack4',
  cp: 'notes.md jack4:/root/',
};

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function unknownCommand(name: string, args: readonly string[]): HealError {
  const hint = 'heal --help lists the commands';
  if (name === '') {
    const flag = args.find((arg) => arg.startsWith('-'));
    if (flag !== undefined) return new HealError('usage', `no command before ${flag}`, { hint });
    return new HealError('usage', 'no command given', { hint });
  }
  const near = didYouMean(
    name,
    commands.map((one) => one.name),
    hint,
  );
  return new HealError('usage', `unknown command "${name}"`, near === undefined ? {} : { hint: near });
}

function failed(message: string, command: Command): HealError {
  const hint = `heal ${command.name} --help describes it`;
  const bare = /^Not enough arguments following: (.+)$/.exec(message);
  if (bare !== null) {
    const flag = command.flags.find((one) => one.name === bare[1] || one.alias === bare[1]);
    return new HealError('usage', `--${flag?.name ?? bare[1]} requires a value`, { hint });
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return new HealError('usage', `heal ${command.name} requires ${command.requires}`, {
      hint: `for example: heal ${command.name} ${examples[command.name] ?? 'site'}`,
    });
  }
  return new HealError('usage', message.charAt(0).toLowerCase() + message.slice(1), { hint });
}

/** Throws for options that the command does not have and for arguments that no command accepts. */
function refuseUnknown(values: ReadonlyMap<string, unknown>, words: readonly string[], command: Command): void {
  const hint = `heal ${command.name} --help lists its options`;
  const flags = [...command.flags, ...global];
  const known = new Set(flags.flatMap((flag) => [flag.name, flag.alias ?? flag.name]));
  const named = positionals(command);
  for (const key of values.keys()) {
    if (key === '_' || key === '$0' || named.includes(key) || known.has(key)) continue;
    const shown = key.length === 1 ? `-${key}` : `--${key}`;
    const near =
      key.length === 1
        ? undefined
        : didYouMean(
            shown,
            flags.map((flag) => `--${flag.name}`),
          );
    throw new HealError('usage', `heal ${command.name} has no option ${shown}`, { hint: near ?? hint });
  }
  const [extra] = words;
  if (extra !== undefined) {
    throw new HealError(
      'usage',
      `heal ${command.name} accepts ${named.length === 1 ? 'one argument' : `${named.length} arguments`}; "${extra}" is unexpected`,
      { hint },
    );
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
