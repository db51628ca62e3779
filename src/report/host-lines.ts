import type { Event } from '../core/event.ts';
import { cut } from './cells.ts';
import { count, duration } from './duration.ts';
import type { Tone } from './paint.ts';
import type { Look } from './reporter.ts';
import { taskTitle } from './task-text.ts';

/** Icons of a terminal: unicode if it can show them. */
export interface Icons {
  readonly done: string;
  readonly failed: string;
  readonly waiting: string;
}

/** The display of a running run: a line for each host, as many as fit, and one line for all. */
export interface HostLines {
  readonly on: (event: Event) => void;
  /** The display: lines of at most `columns` cells, at most `rows` of them. */
  readonly draw: (spinner: string, size: { readonly columns: number; readonly rows: number }) => string;
}

interface Line {
  state: 'waiting' | 'working' | 'done' | 'failed';
  /** Its current activity. */
  doing: string;
  since: number;
  finished: number;
  total: number;
  changed: number;
}

/** HostLines with a clock in milliseconds. */
export function hostLines(look: Look, icons: Icons, now: () => number): HostLines {
  const lines = new Map<string, Line>();
  let start = now();
  let check = false;

  const set = (host: string, doing: string, more: Partial<Line> = {}): void => {
    const line = lines.get(host);
    if (line !== undefined) Object.assign(line, { state: 'working', doing, since: now() }, more);
  };

  const on = (event: Event): void => {
    switch (event.type) {
      case 'run-start':
        start = now();
        check = event.check;
        for (const host of event.hosts) {
          lines.set(host, { state: 'waiting', doing: 'waiting', since: start, finished: 0, total: 0, changed: 0 });
        }
        break;
      case 'play-start':
        for (const host of event.hosts) {
          const line = lines.get(host);
          if (line !== undefined) Object.assign(line, { finished: 0, total: event.tasksOf?.[host] ?? event.tasks });
        }
        break;
      case 'host-connecting':
        set(event.host, 'logging in');
        break;
      case 'host-connected':
        set(event.host, 'logged in');
        break;
      case 'host-asking':
        set(event.host, `asking ${count(event.questions, 'question')}`);
        break;
      case 'host-waiting':
        set(event.host, 'waiting for the other hosts');
        break;
      case 'host-unreachable':
      case 'host-refused':
        set(event.host, event.type === 'host-refused' ? 'refused' : 'unreachable', { state: 'failed' });
        break;
      case 'task-start':
        set(event.host, [taskTitle(event.task, look), ...event.titles.map(look.clean.line)].join(': '));
        break;
      case 'task-done': {
        const line = lines.get(event.host);
        if (line === undefined) break;
        if (event.task.phase === 'task' && event.task.item === undefined) line.finished += 1;
        if (event.status === 'changed') line.changed += 1;
        const failed = event.status === 'failed' && event.ignored !== true;
        // Hosts wait for each other at the end of a play's tasks, before its handlers.
        const waits = lines.size > 1 && line.finished === line.total && event.task.phase === 'task';
        const doing = waits && !failed ? 'waiting for the other hosts' : taskTitle(event.task, look);
        set(event.host, doing, failed ? { state: 'failed' } : {});
        break;
      }
      case 'drill-start':
        set(event.host, look.clean.line(`drill ${event.drill}`));
        break;
      case 'host-done': {
        const line = lines.get(event.host);
        if (line !== undefined && line.state !== 'failed') Object.assign(line, { state: 'done', doing: 'done' });
        break;
      }
      default:
    }
  };

  const lineText = (host: string, line: Line, spinner: string, width: number, columns: number): string => {
    const [tone, icon] = iconOf(line, spinner, icons);
    const tasks = line.total === 0 || line.state === 'waiting' ? '' : `${line.finished}/${line.total}  `;
    const changed = line.changed === 0 ? '' : `  ${line.changed} ${check ? 'to change' : 'changed'}`;
    const waited = now() - line.since;
    const elapsed = line.state === 'working' && waited >= 1000 ? `  ${duration(waited)}` : '';
    const name = look.clean.line(host).padEnd(width);
    const room = columns - 1 - icon.length - 1 - name.length - 2 - tasks.length - changed.length - elapsed.length;
    const text = `${name}  ${tasks}${cut(line.doing, Math.max(8, room))}`;
    return `${look.paint(tone, icon)} ${text}${look.paint('dim', elapsed)}${look.paint('changed', changed)}`;
  };

  const draw: HostLines['draw'] = (spinner, { columns, rows }) => {
    const all = [...lines];
    // Two lines stay free: one for the sum, one for the cursor after it.
    const room = Math.max(1, rows - 3);
    const shown = all.length <= room ? all : busiest(all).slice(0, room);
    const width = Math.min(24, Math.max(0, ...shown.map(([host]) => host.length)));
    const picture = shown.map(([host, line]) => lineText(host, line, spinner, width, columns));
    const over = all.filter(([, line]) => line.state === 'done' || line.state === 'failed').length;
    const rest = all.length - shown.length;
    const more = rest > 0 ? `, ${rest} not shown` : '';
    if (all.length > 1)
      picture.push(
        look.paint('dim', cut(`  ${over} of ${all.length} hosts done${more}, ${duration(now() - start)}`, columns - 1)),
      );
    return picture.join('\n');
  };
  return { on, draw };
}

function iconOf(line: Line, spinner: string, icons: Icons): [Tone, string] {
  switch (line.state) {
    case 'waiting':
      return ['dim', icons.waiting];
    case 'working':
      return ['changed', spinner];
    case 'done':
      return ['ok', icons.done];
    case 'failed':
      return ['failed', icons.failed];
  }
}

/** If there are more hosts than lines: active hosts first, then waiting ones; finished hosts need no line. */
function busiest(all: readonly (readonly [string, Line])[]): (readonly [string, Line])[] {
  const rank = { working: 0, waiting: 1, failed: 2, done: 3 };
  return [...all].sort(([, a], [, b]) => rank[a.state] - rank[b.state]);
}
