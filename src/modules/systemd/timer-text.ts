import { shellWords } from '../commands/shell-words.ts';

/** The command of a timer and its schedule, according to a task. */
export interface TimerArgs {
  readonly name: string;
  readonly description?: string;
  readonly command?: string;
  readonly script?: string;
  readonly on_calendar?: string | readonly string[];
  readonly on_boot?: string;
  readonly on_unit_active?: string;
  readonly accuracy?: string;
  readonly randomized_delay?: string;
  readonly persistent: boolean;
  readonly user?: string;
  readonly working_directory?: string;
  readonly environment?: { readonly [name: string]: string };
  readonly timeout?: string;
  readonly after?: readonly string[];
}

const head = '# Kept by heal: what is changed here is changed back.';

/** The unit with the schedule (systemd.timer(5)). */
export function timerText(args: TimerArgs): string {
  const { on_boot: boot, on_unit_active: active } = args;
  const calendar = calendarOf(args);
  return unitText([
    ['Unit', [`Description=When to run ${args.name}.service`]],
    [
      'Timer',
      [
        ...calendar.map((one) => `OnCalendar=${one}`),
        ...setting('OnBootSec', boot),
        // Without this the timer waits for a first run that never starts.
        ...setting('OnActiveSec', boot === undefined && calendar.length === 0 ? active : undefined),
        ...setting('OnUnitActiveSec', active),
        ...setting('AccuracySec', args.accuracy),
        ...setting('RandomizedDelaySec', args.randomized_delay),
        ...(args.persistent ? ['Persistent=true'] : []),
      ],
    ],
    ['Install', ['WantedBy=timers.target']],
  ]);
}

/** The unit with the command (systemd.service(5)). */
export function serviceText(args: TimerArgs): string {
  const words = args.script === undefined ? shellWords(args.command ?? '') : ['/bin/sh', '-c', args.script];
  return unitText([
    [
      'Unit',
      [
        `Description=${specifiers(args.description ?? args.name)}`,
        ...(args.after ?? []).map((unit) => `After=${unit}`),
      ],
    ],
    [
      'Service',
      [
        'Type=oneshot',
        ...setting('User', args.user),
        ...setting('WorkingDirectory', args.working_directory && specifiers(args.working_directory)),
        ...Object.entries(args.environment ?? {}).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`),
        ...setting('TimeoutStartSec', args.timeout),
        `ExecStart=${words.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}`,
      ],
    ],
  ]);
}

/** The calendar expressions of a timer. */
export function calendarOf({ on_calendar: given = [] }: Pick<TimerArgs, 'on_calendar'>): readonly string[] {
  return typeof given === 'string' ? [given] : given;
}

function unitText(sections: readonly (readonly [name: string, lines: readonly string[]])[]): string {
  return [head, ...sections.flatMap(([name, lines]) => ['', `[${name}]`, ...lines]), ''].join('\n');
}

function setting(key: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${key}=${value}`];
}

/** A word that systemd reads unchanged: quoted if necessary, and % doubled. `$` is special only in a command line. */
function quoted(word: string): string {
  const text = specifiers(word);
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(text)) return text;
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%');
}
