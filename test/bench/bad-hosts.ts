import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startChild } from '../child.ts';
import { fakeFleet } from '../faults/fake-fleet.ts';
import { fakes } from '../ssh/fake-host.ts';
import { startSshd } from '../ssh/sshd.ts';
import { until } from '../until.ts';
import { spread, table } from './figures.ts';

/** Prints when the last handler of 20 good hosts has run, alone and among hosts that behave badly, in turn. */
export async function badHosts(directory: string, launcher: string, rounds: number): Promise<void> {
  const sshd = await startSshd();
  const fleet = await fakeFleet(sshd, () => 5);
  const project = join(directory, 'fleet');
  for (const [name, text] of Object.entries(fleet.files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  const told = fleet.good.map((name) => join(sshd.directory, `${name}.told`));
  /** Milliseconds until the last handler has run. What the other hosts do afterwards is not waited for. */
  const measure = async (limit: string): Promise<number> => {
    for (const path of told) rmSync(path, { force: true });
    for (const name of fleet.good) rmSync(join(sshd.directory, name), { force: true });
    const from = Date.now();
    const args = [launcher, 'run', 'site', '-f', '50', '--limit', limit];
    const run = startChild(process.execPath, args, { cwd: project, env: { ...process.env, HOME: project } });
    run.ended.catch(() => {});
    try {
      await until('all handlers have run', () => told.every((path) => statSync(path, { throwIfNoEntry: false })));
      return Math.max(...told.map((path) => statSync(path).mtimeMs)) - from;
    } finally {
      await run.stop();
    }
  };
  const subjects = [
    { name: `${told.length} good hosts`, limit: 'good*' },
    { name: `the same among ${fakes.length} others`, limit: 'all' },
  ];
  const times = subjects.map((): number[] => []);
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [i, { limit }] of subjects.entries()) {
        const ms = await measure(limit);
        // The first round only warms the caches.
        if (round > 0) times[i]?.push(ms);
      }
    }
  } finally {
    fleet.stop();
    sshd.stop();
  }
  const base = spread(times[0] ?? []).median;
  const rows = subjects.map(({ name }, i) => {
    const { median, least, most } = spread(times[i] ?? []);
    return [name, median.toFixed(0), `${least.toFixed(0)} to ${most.toFixed(0)}`, (median / base).toFixed(2)];
  });
  console.log(`\nuntil the last handler of the good hosts, ${rounds} rounds in turn, milliseconds; aim: 1.2\n`);
  for (const text of table([['', 'median', 'range', 'x alone'], ...rows])) console.log(text);
}
