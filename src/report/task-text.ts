import type { ChangeInfo, Phase, TaskDone, TaskInfo } from '../core/event.ts';
import { diffLines } from './diff-text.ts';
import { count, duration } from './duration.ts';
import type { Tone } from './paint.ts';
import type { Look } from './reporter.ts';
import { placeText } from './source-line.ts';

/** `jack4 | changed | ...`: the start of all lines about a host. */
export type Head = (host: string, tone: Tone, status: string) => string;

const phases: Readonly<Record<Phase, string>> = {
  task: '',
  handler: 'handler ',
  verify: 'verify ',
  score: 'score ',
  prepare: 'prepare ',
  break: 'break ',
  heal: 'heal ',
  restore: 'restore ',
};

const mostChanges = 20;
const mostOutput = 40;
/** Maximum number of characters of a line. */
const longestLine = 1000;

/** `handler jack-service : restart Jack (item=a)`, as in Ansible with ` -> HOST` if it is delegated. */
export function taskTitle(task: TaskInfo, look: Look): string {
  const role = task.role === undefined ? '' : `${task.role} : `;
  const item = task.item === undefined ? '' : ` (item=${task.item})`;
  const delegate = task.delegate === undefined ? '' : ` -> ${task.delegate}`;
  return look.clean.line(`${phases[task.phase]}${role}${task.name}${item}${delegate}`);
}

/** The displayed status of a finished task: a plan says `to change`, except for checks, which pass or do not. */
export function statusWord(done: TaskDone, check: boolean): string {
  if (done.status === 'changed') {
    if (check && done.task.phase !== 'verify') return 'to change';
    return done.changes.some((change) => !change.proven) ? 'changed (unproven)' : 'changed';
  }
  if (done.status === 'failed' && done.ignored === true) return 'ignored';
  return done.status;
}

/** Whether a finished task is shown at this verbosity. */
export function isTold(done: TaskDone, look: Look): boolean {
  if (done.status === 'skipped') return look.verbose > 0;
  if (done.status === 'ok') {
    // As in Ansible: the author of a debug task wants to see its output.
    return look.verbose > 0 || done.task.module === 'debug' || (look.checks && done.task.phase === 'verify');
  }
  return true;
}

/** A finished task as a paragraph: one line, and below it what a user needs to act on it. */
export function taskText(done: TaskDone, head: Head, check: boolean, look: Look): string[] {
  const tone: Tone = done.status === 'failed' && done.ignored === true ? 'skipped' : done.status;
  const first = `${head(done.host, tone, statusWord(done, check))}${taskTitle(done.task, look)}`;
  const place = look.clean.line(placeText(done.task.at));
  // The engine applies no_log; it is applied again here, because a mistake there would show a secret.
  if (done.noLog === true) {
    const why = done.status === 'failed' ? [`    ${place}  (${done.task.module})`] : [];
    return [`${first} | hidden by no_log`, ...why];
  }
  if (done.status === 'failed') return [first, ...failure(done, place, look)];
  if (done.status === 'changed') return changed(first, done, look);
  const message = done.message === undefined ? '' : ` | ${look.clean.line(done.message)}`;
  return [`${first}${message}`, ...details(done, look)];
}

function changed(first: string, done: TaskDone, look: Look): string[] {
  const { changes } = done;
  const [only] = changes;
  const message = done.message === undefined ? [] : [`    ${look.clean.line(done.message)}`];
  if (changes.length === 1 && only !== undefined) {
    return [`${first} | ${changeTitle(only, look)}`, ...diffOf(only, look), ...message, ...details(done, look)];
  }
  const shown = changes
    .slice(0, mostChanges)
    .flatMap((change) => [`    ${changeTitle(change, look)}`, ...diffOf(change, look)]);
  const rest = changes.length - mostChanges;
  if (rest > 0) shown.push(look.paint('dim', `    ... and ${count(rest, 'more change')}`));
  const tally = changes.length === 0 ? '' : ` | ${count(changes.length, 'change')}`;
  return [`${first}${tally}`, ...shown, ...message, ...details(done, look)];
}

function changeTitle(change: ChangeInfo, look: Look): string {
  const tone = change.sign === '+' ? 'added' : change.sign === '-' ? 'removed' : 'changed';
  return look.paint(tone, `${change.sign} ${look.clean.line(change.title)}`);
}

function diffOf(change: ChangeInfo, look: Look): string[] {
  if (!look.diff || change.diff === undefined) return [];
  return diffLines(change.diff, look.clean.line(change.title), look).map((line) => `      ${line}`);
}

/** The output of a command that only reads; its exit code is in the message. */
function printedBy({ result }: TaskDone): TaskDone['output'] {
  const { rc, stdout, stderr } = result ?? {};
  if (typeof rc !== 'number' || typeof stdout !== 'string' || typeof stderr !== 'string') return undefined;
  return { stdout, stderr };
}

/** What was expected, what was found, the command's output, and the hint: none of it is left out. */
function failure(done: TaskDone, place: string, look: Look): string[] {
  const { clean, paint } = look;
  const output = done.output ?? printedBy(done);
  const message = done.message === undefined ? [] : indent(clean.text(done.message), '    ');
  // Joined, not pushed: a host may print a million lines, more than a call accepts as arguments.
  return [
    paint('dim', `    ${place}  (${done.task.module})`),
    ...message.map((line) => shortened(line, look)),
    ...done.changes.flatMap((change) => [`    ${changeTitle(change, look)}`, ...diffOf(change, look)]),
    ...(output?.code === undefined ? [] : [`    exit code ${output.code}`]),
    ...stream('stdout', output?.stdout, look),
    ...stream('stderr', output?.stderr, look),
    ...(done.hint === undefined
      ? []
      : [`    ${paint('ok', 'hint:')} ${clean.text(done.hint).split('\n').join('\n    ')}`]),
    ...details(done, look),
  ];
}

/** The last lines of a stream: the reason of a failure is at the end. */
function stream(name: string, text: string | undefined, look: Look): string[] {
  const lines = look.clean
    .text(text ?? '')
    .trimEnd()
    .split('\n');
  if (lines.length === 1 && lines[0] === '') return [];
  const cut = look.verbose > 0 ? 0 : Math.max(0, lines.length - mostOutput);
  const note = cut > 0 ? [look.paint('dim', `      (${count(cut, 'line')} before; -v shows all)`)] : [];
  return [`    ${name}:`, ...note, ...lines.slice(cut).map((line) => `      ${shortened(line, look)}`)];
}

/** A very long line (a minified file, a dump) would fill the screen for a user who did not ask for it. */
function shortened(line: string, look: Look): string {
  const rest = line.length - longestLine;
  if (look.verbose > 0 || rest <= 0) return line;
  return `${line.slice(0, longestLine).replace(/[\ud800-\udbff]$/, '')}${look.paint('dim', ` (${count(rest, 'more character')}; -v shows all)`)}`;
}

function details(done: TaskDone, look: Look): string[] {
  if (look.verbose < 2) return [];
  const lines = [`took ${duration(done.ms)}, ${placeText(done.task.at)}`];
  if (done.result !== undefined) lines.push(JSON.stringify(done.result, undefined, 2));
  return indent(look.clean.text(lines.join('\n')), '    ').map((line) => look.paint('dim', line));
}

function indent(text: string, by: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : by + line));
}
