import type { Event } from '../core/event.ts';
import { duration } from './duration.ts';
import type { Look } from './reporter.ts';

/** Milliseconds until a task that still runs is named first; each further time is after three times as long. */
const firstAfterMs = 5000;

interface Waiting {
  readonly id: string;
  titles: readonly string[];
  readonly startedAt: number;
  timer: NodeJS.Timeout;
}

/** Reports what a host is waiting for, for output without redrawing: `jack4 | waiting | Jack answers: try 3 of 21 (5 s)`. */
export function waitLines(
  { clean, paint }: Look,
  write: (line: string) => void,
): { readonly emit: (event: Event) => void; readonly close: () => void } {
  const waiting = new Map<string, Waiting>();
  const end = (host: string): void => {
    clearTimeout(waiting.get(host)?.timer);
    waiting.delete(host);
  };
  const emit = (event: Event): void => {
    if (event.type !== 'task-start') {
      if ('host' in event && event.host !== undefined && event.type !== 'warning') end(event.host);
      return;
    }
    const { host, task, titles } = event;
    const known = waiting.get(host);
    if (known?.id === task.id) {
      known.titles = titles;
      return;
    }
    end(host);
    const tell = (one: Waiting, afterMs: number): NodeJS.Timeout => {
      const timer = setTimeout(() => {
        const name = clean.line([task.name, ...one.titles.slice(0, 1)].join(': '));
        const ms = Math.round((performance.now() - one.startedAt) / 1000) * 1000;
        write(`${clean.line(host)} | ${paint('dim', 'waiting')}   | ${name} (${duration(ms)})`);
        one.timer = tell(one, afterMs * 3);
      }, afterMs);
      timer.unref();
      return timer;
    };
    const one: Waiting = { id: task.id, titles, startedAt: performance.now(), timer: undefined as never };
    one.timer = tell(one, firstAfterMs);
    waiting.set(host, one);
  };
  return {
    emit,
    close: () => {
      for (const host of [...waiting.keys()]) end(host);
    },
  };
}
