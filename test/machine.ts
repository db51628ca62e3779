import type { TestProject } from 'vitest/node';
import { buildHeal } from './build-heal.ts';
import { missingCapability } from './lab/capability.ts';
import { programLayers } from './lab/program-layers.ts';
import { readyMachine } from './lab/ready-machine.ts';
import { rootImage } from './lab/root-image.ts';
import { siteDirectories } from './lab/site-directories.ts';
import { makeRunDirectory } from './run-directory.ts';
import { watchWorkers } from './watch.ts';

/** Before the first test: the Debian packages that tests run programs of, and the built command. */
export default async function prepareMachine({ name, tmpDir }: TestProject): Promise<() => Promise<void>> {
  makeRunDirectory(tmpDir);
  if (missingCapability() === undefined) await readyMachine();
  buildHeal();
  const stop = watchWorkers();
  const real = name === 'acceptance';
  // Beside the unit tests, which mostly wait. A lab that needs an image before it is built waits for its lock.
  const built =
    (name === 'lab' || real) && missingCapability() === undefined
      ? buildImages(real).catch((error: unknown) =>
          process.stderr.write(`\nan image of the lab was not built: ${error}\n`),
        )
      : undefined;
  return async () => {
    stop();
    await built;
  };
}

/** Builds what hosts are made of, so that the first lab need not. */
async function buildImages(real: boolean): Promise<void> {
  await rootImage('trixie');
  await Promise.all([
    programLayers('stand-in').then(() => (real ? programLayers('real') : undefined)),
    siteDirectories({})
      .then(() => siteDirectories({ bots: false }))
      .then(() => siteDirectories({ subuidStart: 165_536 }))
      .then(() => rootImage('bookworm')),
  ]);
}
