import type { DrillDone, Event } from '../core/event.ts';
import { drillTable, drillText, drillTitle } from './drill-text.ts';
import { count, duration } from './duration.ts';
import { errorText } from './error-text.ts';
import type { Tone } from './paint.ts';
import { recapText } from './recap.ts';
import type { Look } from './reporter.ts';
import { type Head, isTold, taskText } from './task-text.ts';
import { warningLines } from './warning.ts';

/** Converts Events to output lines; most give none. Plain prints them, live prints them above its hosts. */
export type Narrator = (event: Event) => readonly string[];

/** A narrator of one run. It stores what later lines need: the plan or the run, the width of the names, the checks. */
export function narrator(look: Look): Narrator {
  const { clean, paint } = look;
  let check = false;
  let width = 0;
  const holding = new Map<string, number>();
  const drills: DrillDone[] = [];

  const head: Head = (host, tone, status) => {
    return `${clean.line(host).padEnd(width)} | ${paint(tone, status)}${' '.repeat(Math.max(0, 9 - status.length))} | `;
  };
  const note = (host: string, tone: Tone, status: string, text: string): string => `${head(host, tone, status)}${text}`;

  return (event) => {
    switch (event.type) {
      case 'run-start':
        check = event.check;
        width = Math.min(24, Math.max(0, ...event.hosts.map((host) => host.length)));
        return [];
      case 'play-start':
        return ['', paint('bold', `PLAY [${clean.line(event.play)}]`) + paint('dim', playSize(event)), ''];
      case 'host-connecting':
        return look.verbose < 2 ? [] : [note(event.host, 'dim', 'login', 'connecting')];
      case 'host-connected': {
        const { os, kernel, init } = event.facts;
        const what = clean.line(`${os.name}, ${kernel}, ${init}`);
        return look.verbose < 1 ? [] : [note(event.host, 'dim', 'login', `${what}, in ${duration(event.ms)}`)];
      }
      case 'host-asking':
        return look.verbose < 2 ? [] : [note(event.host, 'dim', 'asking', count(event.questions, 'question'))];
      case 'host-waiting':
        return look.verbose < 2 ? [] : [note(event.host, 'dim', 'waiting', 'for the other hosts')];
      case 'host-unreachable':
      case 'host-refused': {
        const [tone, word] =
          event.type === 'host-refused' ? (['failed', 'refused'] as const) : (['unreachable', 'unreachable'] as const);
        const [first = '', ...more] = errorText(event.error, { ...look, label: '' }).split('\n');
        return [`${head(event.host, tone, word)}${first}`, ...more.map((line) => `    ${line}`)];
      }
      case 'task-start':
        return [];
      case 'task-done':
        if (event.task.phase === 'verify' && event.status === 'ok') {
          holding.set(event.host, (holding.get(event.host) ?? 0) + 1);
        }
        return isTold(event, look) ? taskText(event, head, check, look) : [];
      case 'drill-start':
        return [note(event.host, 'bold', 'drill', drillTitle(event, look).replace(/^drill /, ''))];
      case 'drill-done':
        drills.push(event);
        return drillText(event, head, look);
      case 'warning':
        return warningLines(event, look);
      case 'host-done': {
        const checks = holding.get(event.host);
        holding.delete(event.host);
        const said = checks === undefined ? [] : [checks === 1 ? '1 check passes' : `${checks} checks pass`];
        if (look.verbose > 0) said.push(count(event.roundTrips, 'round trip'), duration(event.ms));
        return said.length === 0 ? [] : [note(event.host, 'ok', 'done', said.join(', '))];
      }
      case 'run-end':
        return [...drillTable(drills, look), ...recapText(event, check, look)];
    }
  };
}

function playSize(play: { readonly hosts: readonly string[]; readonly tasks: number }): string {
  return `  ${count(play.hosts.length, 'host')}, ${count(play.tasks, 'task')}`;
}
