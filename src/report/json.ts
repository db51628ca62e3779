import type { DrillDone, Event, TaskDone } from '../core/event.ts';
import { isList, type Json } from '../core/json.ts';
import type { Clean } from './clean.ts';
import { diffLines } from './diff-text.ts';
import { jsonDocument } from './json-document.ts';
import { painter } from './paint.ts';
import type { Reporter } from './reporter.ts';
import { placeText } from './source-line.ts';
import { warningRow } from './warning.ts';

/** A JSON object whose keys are the same in every run: a missing value is null. */
type Row = { [key: string]: Json };

const noPaint = painter(false);

/**
 * `--output json`: one document when the run ends.
 *
 * ```
 * { format: 1, playbook, check, complete, ms, roundTrips,
 *   hosts:  { NAME: { ok, changed, unreachable, failed, skipped, rescued, ignored, unknown, roundTrips, ms, error } },
 *   tasks:  [ { host, delegate, phase, role, name, item, module, id, at, status, ignored,
 *               changes: [ { sign, title, proven, diff } ], message, hint, code, stdout, stderr, result, ms } ],
 *   verify: [ as tasks ],
 *   drills: [ { host, role, drill, status, message, heals: [ { name, withinMs, afterMs, said } ] } ],
 *   warnings: [ { host, message, hint, at } ] }
 * ```
 *
 * `complete` is false if the run was interrupted. `roundTrips` of the run include those to hosts that tasks were only delegated
 * to. `error` is `{ kind, message, hint, at }`. The tasks of drills are
 * in `tasks`, with their phase. Keys may be added under the same `format`; none is removed or changes its type.
 */
export function jsonReporter(clean: Clean, diff: boolean, write: (text: string) => void): Reporter {
  const tasks: Row[] = [];
  const verify: Row[] = [];
  const drills: Row[] = [];
  const warnings: Row[] = [];
  const errors = new Map<string, Row>();
  const cost = new Map<string, { readonly roundTrips: number; readonly ms: number }>();
  let start: { readonly playbook: string; readonly check: boolean } = { playbook: '', check: false };
  let end: Extract<Event, { type: 'run-end' }> | undefined;

  const emit = (event: Event): void => {
    switch (event.type) {
      case 'run-start':
        start = event;
        break;
      case 'host-unreachable':
      case 'host-refused':
        errors.set(event.host, {
          kind: event.type === 'host-refused' ? 'refused' : 'unreachable',
          message: event.error.message,
          hint: event.error.hint ?? null,
          at: event.error.at === undefined ? null : placeText(event.error.at),
        });
        break;
      case 'task-done':
        (event.task.phase === 'verify' ? verify : tasks).push(taskRow(event, clean, diff));
        break;
      case 'drill-done':
        drills.push(drillRow(event));
        break;
      case 'warning':
        warnings.push(warningRow(event));
        break;
      case 'host-done':
        cost.set(event.host, event);
        break;
      case 'run-end':
        end = event;
        break;
      default:
    }
  };

  const close = (): Promise<void> => {
    const hosts: Row = {};
    for (const [host, counts] of Object.entries(end?.report ?? {})) {
      const spent = cost.get(host);
      hosts[clean.text(host)] = {
        ...counts,
        roundTrips: spent?.roundTrips ?? 0,
        ms: Math.round(spent?.ms ?? 0),
        error: errors.get(host) ?? null,
      };
    }
    const document: Row = {
      format: 1,
      playbook: start.playbook,
      check: start.check,
      complete: end !== undefined && end.unfinished === undefined,
      ms: Math.round(end?.ms ?? 0),
      roundTrips: end?.roundTrips ?? 0,
      hosts,
      tasks,
      verify,
      drills,
      warnings,
    };
    for (const piece of jsonDocument(document, clean)) write(piece);
    return Promise.resolve();
  };
  return { emit, close };
}

function taskRow(done: TaskDone, clean: Clean, diff: boolean): Row {
  const { task, output } = done;
  const shown = done.noLog !== true;
  return {
    host: done.host,
    delegate: task.delegate ?? null,
    phase: task.phase,
    role: task.role ?? null,
    name: task.name,
    item: task.item ?? null,
    module: task.module,
    id: task.id,
    at: placeText(task.at),
    status: done.status,
    ignored: done.ignored ?? false,
    changes: (shown ? done.changes : []).map((change) => ({
      sign: change.sign,
      title: change.title,
      proven: change.proven,
      diff:
        diff && change.diff !== undefined
          ? diffLines(change.diff, change.title, { clean, paint: noPaint, most: 10_000 }).join('\n')
          : null,
    })),
    message: shown ? (done.message ?? null) : 'hidden by no_log',
    hint: shown ? (done.hint ?? null) : null,
    code: shown ? (output?.code ?? null) : null,
    stdout: shown ? (output?.stdout ?? null) : null,
    stderr: shown ? (output?.stderr ?? null) : null,
    result: shown ? cleanFree(done.result ?? null, clean) : null,
    ms: Math.round(done.ms),
  };
}

function drillRow(done: DrillDone): Row {
  return {
    host: done.host,
    role: done.role ?? null,
    drill: done.drill,
    status: done.status,
    message: done.message ?? null,
    heals: done.heals.map((heal) => ({
      name: heal.name,
      withinMs: Math.round(heal.withinMs),
      afterMs: heal.afterMs === undefined ? null : Math.round(heal.afterMs),
      said: heal.said ?? null,
    })),
  };
}

/** A result has no fixed keys, so a key or a number in it may be a secret as well. */
function cleanFree(value: Json, clean: Clean): Json {
  if (typeof value === 'number') return clean.text(String(value)) === '***' ? '***' : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => cleanFree(item, clean));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean.text(key), cleanFree(item, clean)]));
}
