import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Event, TaskInfo } from '../../src/core/event.ts';
import { waitLines } from '../../src/report/wait-lines.ts';
import { look } from './look.ts';

const task: TaskInfo = {
  id: 'site.yml#1',
  name: 'Jack answers',
  phase: 'verify',
  module: 'uri',
  at: { file: 'site.yml', line: 1, column: 1 },
};
const start = (titles: string[]): Event => ({ type: 'task-start', host: 'jack4', task, titles });
const done = { type: 'task-done', host: 'jack4', task, status: 'ok', changes: [], ms: 1 } as Event;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('a task that runs for more than 5 s is named, with what it waits for now', () => {
  const lines: string[] = [];
  const waits = waitLines(look(), (line) => lines.push(line));
  waits.emit(start(['start openclaw-jack.service']));
  vi.advanceTimersByTime(4900);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(200);
  waits.emit(start(['waiting, try 3 of 21']));
  vi.advanceTimersByTime(15_000);
  expect(lines).toEqual([
    'jack4 | waiting   | Jack answers: start openclaw-jack.service (5.0 s)',
    'jack4 | waiting   | Jack answers: waiting, try 3 of 21 (20.0 s)',
  ]);
  waits.emit(done);
  vi.advanceTimersByTime(1_000_000);
  expect(lines).toHaveLength(2);
});

test('a quick one is not, and nothing is written after the end', () => {
  const lines: string[] = [];
  const waits = waitLines(look(), (line) => lines.push(line));
  waits.emit(start(['x']));
  waits.emit(done);
  waits.emit(start(['x']));
  waits.close();
  vi.advanceTimersByTime(1_000_000);
  expect(lines).toEqual([]);
});
