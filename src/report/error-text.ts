import { HealError, HealErrors } from '../core/errors.ts';
import type { Clean } from './clean.ts';
import { count } from './duration.ts';
import type { Paint } from './paint.ts';
import { placeLines } from './source-line.ts';

/** The style of errors. */
export interface ErrorStyle {
  readonly clean: Clean;
  readonly paint: Paint;
  /** Text before the message; default `error: `. */
  readonly label?: string;
  /** The file with the stack of a bug, if it could be written. */
  readonly crashFile?: string;
}

/** At most this many are shown at once. */
const most = 20;

/**
 * An error for users: the message, the place with a caret, the cause, the hint. Any error other than a HealError is a bug
 * of heal: one line and the file with its stack, never the stack itself.
 */
export function errorText(error: unknown, style: ErrorStyle): string {
  if (error instanceof HealError) return one(error, style);
  if (error instanceof HealErrors) return several(error.errors, style);
  return bug(error, style);
}

function several(errors: readonly HealError[], style: ErrorStyle): string {
  const shown = errors.slice(0, most).map((error) => one(error, style));
  const rest = errors.length - shown.length;
  if (rest > 0) shown.push(`... and ${count(rest, 'more error')}`);
  else if (errors.length > 1) shown.push(count(errors.length, 'error'));
  return shown.join('\n\n');
}

function one(error: HealError, { clean, paint, label = paint('failed', 'error: ') }: ErrorStyle): string {
  const [first = '', ...more] = clean.text(error.message).split('\n');
  const lines = [`${label}${first}`, ...more.map((line) => `  ${line}`)];
  if (error.at !== undefined) lines.push(...placeLines(error.at, clean));
  const cause = causeOf(error);
  if (cause !== undefined) lines.push(`cause: ${clean.line(cause)}`);
  if (error.hint !== undefined)
    lines.push(`${paint('ok', 'hint:')} ${clean.text(error.hint).split('\n').join('\n  ')}`);
  return lines.join('\n');
}

/** The cause's message, unless the error already contains it. */
function causeOf(error: HealError): string | undefined {
  const { cause } = error;
  if (!(cause instanceof Error) || cause.message === '') return undefined;
  return error.message.includes(cause.message) ? undefined : cause.message;
}

function bug(error: unknown, { clean, paint, crashFile }: ErrorStyle): string {
  const what = error instanceof Error ? error.message || error.name : String(error);
  const lines = [`${paint('failed', 'error:')} this is a bug in heal: ${clean.line(what)}`];
  if (crashFile !== undefined) lines.push(`  --> ${crashFile}`);
  lines.push(
    `${paint('ok', 'hint:')} ${
      crashFile === undefined ? 'report it with what you ran' : 'report it with that file, which says where it happened'
    }`,
  );
  return lines.join('\n');
}
