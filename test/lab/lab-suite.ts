import { afterAll, beforeAll, describe, test } from 'vitest';
import { missingCapability } from './capability.ts';
import { type Lab, type LabOptions, startLab } from './lab.ts';

/** A suite on real hosts: boots a lab before its first test and takes it down after its last.
 *
 * Where the machine cannot boot hosts the suite is skipped, its name saying what is missing; under CI=true, where the
 * lab must run, it fails by the same sentence. `body` gets a function, for the lab exists only once tests run. */
export function describeLab(title: string, options: LabOptions, body: (lab: () => Lab) => void): void {
  const missing = missingCapability();
  if (missing !== undefined && process.env['CI'] === 'true') {
    describe(title, () => {
      test('this machine can boot the lab', () => {
        throw new Error(missing);
      });
    });
    return;
  }
  if (missing !== undefined) {
    describe.skip(`${title} (${missing})`, () => body(noLab));
    return;
  }
  describe(title, () => {
    let lab: Lab | undefined;
    // The first lab on a machine installs packages and builds the root.
    beforeAll(async () => {
      lab = await startLab(options);
    }, 900_000);
    afterAll(() => lab?.stop());
    body(() => lab ?? noLab());
  });
}

function noLab(): never {
  throw new Error('the lab runs only inside tests and hooks');
}
