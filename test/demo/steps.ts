import type { Finished } from './heal.ts';

/** A command of the demo and what it must come to. */
export interface Step {
  /** Said before it. */
  readonly about: string;
  readonly args: readonly string[];
  /** Says what was not as expected; undefined where all was. */
  readonly wrong: (done: Finished) => string | undefined;
}

const recapLine = /^jack4 +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)/m;

/** What the recap must say of jack4; each is told where it is not so. */
function recap({ code, text }: Finished, changed: 'some' | 'none'): string | undefined {
  if (code !== 0) return `ended with ${code}, not 0`;
  const found = recapLine.exec(text);
  if (found === null) return 'printed no recap of jack4';
  const [, , changes, unreachable, failed] = found.map(Number);
  if (unreachable !== 0 || failed !== 0) return `said unreachable=${unreachable} failed=${failed}, not 0 and 0`;
  if (changed === 'some' && changes === 0) return 'said changed=0, but the host was not right before';
  if (changed === 'none' && changes !== 0) return `said changed=${changes}, not 0`;
  return undefined;
}

/** What the score card must say: so many of ten. */
function score({ code, text }: Finished, judge: (points: number) => boolean, wanted: string): string | undefined {
  if (code !== 0) return `ended with ${code}, not 0`;
  const points = /^jack4 {2}(\d+)\/10$/m.exec(text)?.[1];
  if (points === undefined) return 'printed no score card of jack4';
  return judge(Number(points)) ? undefined : `said ${points}/10, not ${wanted}`;
}

/** The drills that take seconds. */
const drills = [
  'Jack answers',
  'The flag was acted on',
  "John's container runs again",
  'Ross can read the directories again',
];

/** The demo, in order. */
export const steps: readonly Step[] = [
  {
    about: 'What would this host survive as it is?',
    args: ['status', '--limit', 'jack4'],
    wrong: (done) => score(done, (points) => points <= 3, '3 or less'),
  },
  {
    about: 'What would change? Nothing is changed by this.',
    args: ['plan', 'site', '--limit', 'jack4'],
    wrong: (done) => recap(done, 'some'),
  },
  {
    about: 'Apply it.',
    args: ['run', 'site', '--limit', 'jack4'],
    wrong: (done) => recap(done, 'some'),
  },
  {
    about: 'Again: there is nothing left to do.',
    args: ['run', 'site', '--limit', 'jack4'],
    wrong: (done) => recap(done, 'none'),
  },
  {
    about: 'And now? Only the token is missing with which Coach gets messages.',
    args: ['status', '--limit', 'jack4'],
    wrong: (done) => score(done, (points) => points === 9, '9'),
  },
  {
    about:
      'Do they really come back? Break four things, and measure how long it takes. (All drills: leave --tags out.)',
    args: ['drill', 'site', '--limit', 'jack4', '--tags', 'quick', '--yes'],
    wrong: (done) => {
      const unmeasured = drills.find((name) => !new RegExp(`${name} +after [\\d.]+ m?s`).test(done.text));
      return recap(done, 'some') ?? (unmeasured === undefined ? undefined : `measured no time until "${unmeasured}"`);
    },
  },
];
