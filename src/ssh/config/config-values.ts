import type { Login } from '../../core/connection.ts';
import { configError, type Directive } from './config-line.ts';

/** `yes` and `no`, and the synonyms that OpenSSH accepts. */
export function flagOf(line: Directive): boolean {
  const word = line.words[0]?.toLowerCase() ?? '';
  if (word === 'yes' || word === 'true') return true;
  if (word === 'no' || word === 'false') return false;
  throw wrong(line, 'yes or no');
}

/** A TCP port. */
export function portOf(line: Directive): number {
  const port = integer(line.words[0]);
  if (port === undefined || port < 1 || port > 65_535) throw wrong(line, 'a number from 1 to 65535');
  return port;
}

/** StrictHostKeyChecking. `yes` and `ask` refuse an unknown key; this value does not say whether the user is asked first. */
export function checkingOf(line: Directive): Login['hostKeyChecking'] {
  switch (line.words[0]?.toLowerCase()) {
    case 'yes':
    case 'true':
    case 'ask':
      return 'strict';
    case 'accept-new':
      return 'accept-new';
    case 'no':
    case 'false':
    case 'off':
      return 'off';
    default:
      throw wrong(line, 'yes, ask, accept-new, no or off');
  }
}

/** Seconds of a time as `30`, `5m` or `1h30m` (sshd_config(5), TIME FORMATS); undefined for `none`. */
export function secondsOf(line: Directive): number | undefined {
  const word = line.words[0]?.toLowerCase() ?? '';
  if (word === 'none') return undefined;
  if (!/^(\d+[smhdw]?)+$/.test(word)) throw wrong(line, 'a time such as 30 or 5m');
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  let seconds = 0;
  for (const [, count, unit] of word.matchAll(/(\d+)([smhdw]?)/g)) seconds += Number(count) * (units[unit ?? ''] ?? 1);
  return seconds;
}

/** A nonnegative integer. */
export function countOf(line: Directive): number {
  const count = integer(line.words[0]);
  if (count === undefined) throw wrong(line, 'an integer');
  return count;
}

function integer(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,9}$/.test(word) ? Number(word) : undefined;
}

function wrong(line: Directive, expected: string) {
  const message = `${line.written} must be ${expected} (got ${JSON.stringify(line.words[0])})`;
  return configError(message, line.at, `see ${line.written} in ssh_config(5)`);
}
