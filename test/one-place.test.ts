import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const directory = fileURLToPath(new URL('.', import.meta.url));

/** Who may start processes besides child.ts, and why. A directory ends in a slash. */
const exempt: Readonly<Record<string, string>> = {
  'child.ts': 'is the place',
  'lab/command.ts':
    'the lab is also a command of its own (npm run lab), and its take-down must work while a process exits',
  'lab/lock.ts': 'the holder of a lock ends with its standard input',
  'lab/nspawn.ts': 'a host may outlive its process',
  'lab/slow-line.ts': 'a line ends with its standard input',
  'lab/cli.ts': 'its ssh needs the terminal',
  'lab/openclaw/': 'runs inside of hosts',
  'bench/': 'measures, and is no test',
  'demo/': 'draws a picture on a terminal; its test starts nothing by itself',
};

const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.[cm]?[tj]sx?$/.test(name))
  .map((name) => name.split(sep).join('/'));

/** Whether a string imports what starts processes, in whatever way. */
function startsProcesses(text: string): boolean {
  return /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*(['"])(?:node:)?child_process\1/.test(text);
}

const those = files.filter((name) => startsProcesses(readFileSync(join(directory, name), 'utf8')));
const covers = (entry: string, name: string): boolean =>
  entry.endsWith('/') ? name.startsWith(entry) : name === entry;

test('tests start processes only with test/child.ts', () => {
  expect(files.length).toBeGreaterThan(100);
  const wrong = those.filter((name) => !Object.keys(exempt).some((entry) => covers(entry, name)));
  expect(wrong).toEqual([]);
});

test('no test returns early, and so passes without a check, where the machine or the shell lacks something', () => {
  const early = /\bif \(.*\b(?:busybox|missing|noSshd|platform)\b.*\) return;/;
  const wrong = files.filter(
    (name) => name.endsWith('.test.ts') && early.test(readFileSync(join(directory, name), 'utf8')),
  );
  expect(wrong).toEqual([]);
  expect(early.test(['if (busybox)', 'return;'].join(' '))).toBe(true);
});

test('every exemption is needed', () => {
  expect(Object.keys(exempt).filter((entry) => !those.some((name) => covers(entry, name)))).toEqual([]);
});

const starter = 'node:child_process';
test.each([
  [`import { spawn } from '${starter}';`, true],
  [`import {\n  spawn,\n} from "${starter}";`, true],
  [`const { spawn } = await import('${starter}');`, true],
  [`const { spawn } = require('${starter}');`, true],
  ["import { spawn } from './child.ts';", false],
  ['// node:child_process', false],
])('this is detected: %s (%s)', (text, wanted) => {
  expect(startsProcesses(text)).toBe(wanted);
});
