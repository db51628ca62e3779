import type { Event } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Look } from './reporter.ts';
import { placeLines, placeText } from './source-line.ts';

export type Warning = Extract<Event, { type: 'warning' }>;

/** A warning for a person: message, the line in the file, hint. */
export function warningLines(
  { host, message, at, hint }: Warning,
  { clean, paint }: Pick<Look, 'clean' | 'paint'>,
): string[] {
  const about = host === undefined ? '' : `${host}: `;
  const lines = [`${paint('warning', 'warning:')} ${clean.line(about + message)}`];
  if (at !== undefined) lines.push(...placeLines(at, clean));
  if (hint !== undefined) lines.push(`${paint('ok', 'hint:')} ${clean.line(hint)}`);
  return lines;
}

/** A warning in JSON: a missing value is null. */
export function warningRow({ host, message, at, hint }: Warning): { [key: string]: Json } {
  return { host: host ?? null, message, hint: hint ?? null, at: at === undefined ? null : placeText(at) };
}
