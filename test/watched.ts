import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { watchDirectory } from './watch.ts';

// In each worker: a sign of life each second, with what it does. A test or hook that blocks (spawnSync, execFileSync)
// stops vitest's own clock, and this one: that is how the main process notices.
const directory = watchDirectory();
const file = join(directory, String(process.pid));
let now = 'the import of a test file';
const sign = (): void => {
  // The main process makes it, and removes it when the run is over.
  if (existsSync(directory)) writeFileSync(file, now);
};
sign();
const beat = setInterval(sign, 1000);
beat.unref();
beforeAll(() => {
  now = `${expect.getState().testPath}: its hooks`;
  sign();
});
beforeEach(({ task }) => {
  now = `${task.file.name} > ${task.name}`;
  sign();
});
afterAll(() => {
  clearInterval(beat);
  rmSync(file, { force: true });
});
