import type { HealError } from '../core/errors.ts';
import type { Event, TaskDone } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import { cut } from './cells.ts';
import { errorText } from './error-text.ts';
import { jsonDocument } from './json-document.ts';
import type { Look, Reporter } from './reporter.ts';
import { type Warning, warningLines, warningRow } from './warning.ts';

/** One row of a host's score card. */
interface Row {
  readonly role: string | null;
  readonly row: string;
  readonly holds: boolean;
  /** The host's answer that the row is based on. */
  readonly evidence: string;
}

interface Card {
  readonly rows: Row[];
  error?: HealError;
  roundTrips: number;
}

/**
 * `heal status`: each host's score card, or as JSON one document:
 *
 * ```
 * { format: 1, complete, ms,
 *   hosts: { NAME: { score, of, rows: [ { role, row, holds, evidence } ], roundTrips, error } },
 *   warnings: [ { host, message, hint, at } ] }
 * ```
 */
export function cardReporter(look: Look, output: 'text' | 'json', write: (text: string) => void): Reporter {
  const cards = new Map<string, Card>();
  const warnings: Warning[] = [];
  let ms: number | undefined;
  const cardOf = (host: string): Card => {
    const known = cards.get(host) ?? { rows: [], roundTrips: 0 };
    cards.set(host, known);
    return known;
  };
  const emit = (event: Event): void => {
    switch (event.type) {
      case 'run-start':
        for (const host of event.hosts) cardOf(host);
        break;
      case 'host-unreachable':
      case 'host-refused':
        cardOf(event.host).error = event.error;
        break;
      case 'task-done':
        if (event.task.phase === 'score' && event.status !== 'skipped')
          cardOf(event.host).rows.push(rowOf(event, look));
        break;
      case 'host-done':
        cardOf(event.host).roundTrips = event.roundTrips;
        break;
      case 'warning':
        warnings.push(event);
        break;
      case 'run-end':
        if (event.unfinished === undefined) ms = event.ms;
        break;
      default:
    }
  };
  const close = async (): Promise<void> => {
    if (output === 'json') {
      for (const piece of jsonDocument(documentOf(cards, warnings, ms, look), look.clean)) write(piece);
      return;
    }
    if (ms !== undefined) write([...cards].map(([host, card]) => cardText(host, card, look)).join('\n'));
    if (warnings.length > 0) write(`\n${warnings.flatMap((warning) => warningLines(warning, look)).join('\n')}\n`);
  };
  return { emit, close };
}

function rowOf(done: TaskDone, look: Look): Row {
  const said = done.result?.['stdout'] ?? done.result?.['stderr'];
  const words = typeof said === 'string' && said.trim() !== '' ? said.trim() : (done.message ?? '');
  return {
    role: done.task.role ?? null,
    row: look.clean.line(done.task.name),
    holds: done.status === 'ok',
    evidence: done.noLog === true ? 'hidden by no_log' : look.clean.line(words.split('\n')[0] ?? ''),
  };
}

function cardText(host: string, { rows, error }: Card, look: Look): string {
  const name = look.clean.line(host);
  if (error !== undefined) {
    const word = error.kind === 'unreachable' ? 'unreachable' : 'failed';
    const label = `${name}  ${look.paint(word, word)}: `;
    return `${errorText(error, { clean: look.clean, paint: look.paint, label }).replaceAll('\n', '\n  ')}\n`;
  }
  if (rows.length === 0) return `${name}  no score: the roles of its plays have no score card\n`;
  const score = rows.filter((row) => row.holds).length;
  const tone = score === rows.length ? 'ok' : 'failed';
  const width = Math.max(...rows.map((row) => row.row.length));
  const room = Math.max(20, look.columns - width - 7);
  const lines = rows.map(({ holds, row, evidence }) => {
    const mark = look.paint(holds ? 'ok' : 'failed', holds ? '+' : 'x');
    const words = look.verbose > 0 ? evidence : cut(evidence, room);
    return `  ${mark} ${row.padEnd(width)}  ${look.paint('dim', words)}`.trimEnd();
  });
  return `${name}  ${look.paint(tone, `${score}/${rows.length}`)}\n${lines.join('\n')}\n`;
}

function documentOf(
  cards: ReadonlyMap<string, Card>,
  warnings: readonly Warning[],
  ms: number | undefined,
  look: Look,
): Json {
  const hosts = [...cards].map(([host, { rows, error, roundTrips }]): [string, Json] => [
    look.clean.line(host),
    {
      score: rows.filter((row) => row.holds).length,
      of: rows.length,
      rows: rows.map((row) => ({ ...row })),
      roundTrips,
      error:
        error === undefined
          ? null
          : { kind: error.kind, message: look.clean.text(error.message), hint: look.clean.text(error.hint ?? '') },
    },
  ]);
  return {
    format: 1,
    complete: ms !== undefined,
    ms: Math.round(ms ?? 0),
    hosts: Object.fromEntries(hosts),
    warnings: warnings.map(warningRow),
  };
}
