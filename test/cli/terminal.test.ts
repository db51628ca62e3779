import { expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { terminalOf } from '../../src/cli/terminal.ts';
import { counts } from '../report/sample-run.ts';

const tty = { isTTY: true, columns: 100 };

test.each([
  ['a terminal', tty, {}, { colour: true, live: true, columns: 100 }],
  ['a pipe', {}, {}, { colour: false, live: false, columns: 80 }],
  ['NO_COLOR', tty, { NO_COLOR: '1' }, { colour: false, live: true, columns: 100 }],
  ['an empty NO_COLOR', tty, { NO_COLOR: '' }, { colour: true, live: true, columns: 100 }],
  ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, { colour: true, live: false, columns: 80 }],
  ['NO_COLOR wins', {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, { colour: false, live: false, columns: 80 }],
  ['FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, { colour: false, live: true, columns: 100 }],
  ['a dumb terminal', tty, { TERM: 'dumb' }, { colour: false, live: false, columns: 100 }],
  ['a terminal without a width', { isTTY: true, columns: 0 }, {}, { colour: true, live: false, columns: 80 }],
  ['a terminal of a CI', tty, { CI: 'true' }, { colour: true, live: false, columns: 100 }],
])('what is possible with %s', (_name, stream, env, wanted) => {
  expect(terminalOf(stream, env)).toEqual(wanted);
});

test.each([
  [0, {}],
  [0, { a: counts({ ok: 1, changed: 1, ignored: 1, rescued: 1, skipped: 1, unknown: 1 }) }],
  [2, { a: counts({ failed: 1 }), b: counts({ ok: 1 }) }],
  [4, { a: counts({ unreachable: 1 }) }],
  [6, { a: counts({ unreachable: 1 }), b: counts({ failed: 2 }) }],
])('exit code %i', (code, report) => {
  expect(exitCodeOf(report)).toBe(code);
});
