import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { runSync } from './child.ts';
import { missingCapability } from './lab/capability.ts';
import { programLayers } from './lab/program-layers.ts';
import { readyMachine } from './lab/ready-machine.ts';
import { rootImage } from './lab/root-image.ts';
import { siteFolders } from './lab/site-folders.ts';
import { watchWorkers } from './watch.ts';

/** Before the first test: the Debian packages that tests run programs of, and the built command. */
export default async function prepareMachine({ name }: TestProject): Promise<() => Promise<void>> {
  if (missingCapability() === undefined) {
    await readyMachine();
    raiseInotify();
  }
  if (!existsSync('dist/heal.js')) runSync('npm', ['run', '--silent', 'build'], { limitMs: 300_000 });
  const stop = watchWorkers();
  // Beside the unit tests, which mostly wait. A lab that needs one before it is there waits for its lock.
  const built = name === 'lab' && missingCapability() === undefined ? buildImages().catch(() => {}) : undefined;
  return async () => {
    stop();
    await built;
  };
}

async function buildImages(): Promise<void> {
  await rootImage('trixie');
  await Promise.all([
    programLayers('stand-in').then(() => programLayers('real')),
    siteFolders({})
      .then(() => siteFolders({ bots: false }))
      .then(() => siteFolders({ subuidStart: 165_536 }))
      .then(() => rootImage('bookworm')),
  ]);
}

/** Each host's systemd, dbus, journald and containerd watch files: 128 is the kernel's usual limit, and ten hosts take it. */
function raiseInotify(): void {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  if (Number(readFileSync(file, 'utf8')) < 1024) writeFileSync(file, '1024');
}
