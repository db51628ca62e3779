import { readFileSync } from 'node:fs';
import type { Timed } from './timed.ts';

/** Where a run spent a part of its time. */
export interface Stage {
  readonly name: string;
  readonly ms: number;
}

/** When, what, how many bytes, and of what file. */
type Mark = readonly [number, string, number, string];

/** A message of this many bytes or more is a flight of its own; a smaller one only accompanies an answer. */
const flightAtLeast = 400;

/** Reads what trace.cjs wrote of a run, and says what its milliseconds were spent on; they add up to the whole. */
export function stagesOf(run: Timed, traceFile: string): Stage[] {
  const marks = JSON.parse(readFileSync(traceFile, 'utf8')) as Mark[];
  const first = (what: string): number => marks.find((mark) => mark[1] === what)?.[0] ?? Number.NaN;
  const stages: Stage[] = [];
  let reached = run.from;
  const until = (time: number, name: string): void => {
    stages.push({ name, ms: time - reached });
    reached = time;
  };
  until(first('started'), 'node starts');
  const file = marks.find(([, what, , path]) => what === 'read' && !path.startsWith('file:'));
  until(file?.[0] ?? Number.NaN, 'here: loads code, reads the command line');
  until(first('connect'), 'here: reads and checks the project, loads more code');
  until(first('connected'), 'wire: connecting');

  const traffic = marks.filter(([, what]) => what === 'in' || what === 'out');
  const flights: { readonly time: number; readonly i: number }[] = [];
  let answered = true;
  for (const [i, [time, what, bytes]] of traffic.entries()) {
    if (what === 'in') answered = true;
    else if (bytes >= flightAtLeast && answered) {
      flights.push({ time, i });
      answered = false;
    }
  }
  flights.forEach(({ time, i }, number) => {
    const what = flightNames[number] ?? `program ${number - 1}`;
    until(time, number === 0 ? 'here: before the key exchange' : `here: before ${what}`);
    const next = flights[number + 1]?.i ?? leaving(traffic, i);
    const answer = traffic.slice(i, next).findLast((mark) => mark[1] === 'in');
    if (answer !== undefined) until(answer[0], `wire and host: ${what}`);
  });
  const goodbye = traffic.findLast((mark) => mark[1] === 'out' && mark[0] >= reached)?.[0];
  if (goodbye !== undefined) until(goodbye, 'here: decides what the last answer means');
  const closed = first('closed');
  if (closed >= reached) until(closed, 'wire: the connection closes');
  until(first('exit'), 'here: the last words');
  until(run.until, 'node ends');
  return stages;
}

const flightNames = ['key exchange', 'login and hello', 'program 1 (ask)'];

/** Index of the first small message after the answer to the last flight: with it, the client says goodbye. */
function leaving(traffic: readonly Mark[], from: number): number {
  const answered = traffic.findIndex((mark, i) => i > from && mark[1] === 'in');
  const found = traffic.findIndex((mark, i) => i > answered && mark[1] === 'out');
  return answered === -1 || found === -1 ? traffic.length : found;
}
