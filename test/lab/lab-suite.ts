import { afterAll, beforeAll, describe, test } from 'vitest';
import { isCacheUnfinished } from './cache.ts';
import { missingCapability } from './capability.ts';
import { type Lab, type LabOptions, startLab } from './lab.ts';

/** A suite for machines that can boot hosts. Elsewhere it is skipped, its name saying what is missing; under CI=true,
 * where the lab must run, it fails by the same sentence. */
export function describeWhereBootable(title: string, body: () => void): void {
  const missing = missingCapability();
  if (missing === undefined) describe(title, body);
  else if (process.env['CI'] !== 'true') describe.skip(`${title} (${missing})`, body);
  else {
    describe(title, () => {
      test('this machine can boot the lab', () => {
        throw new Error(missing);
      });
    });
  }
}

/** A suite on real hosts: boots a lab before its first test and takes it down after its last.
 *
 * @param body gets a function, for the lab exists only once tests run */
export function describeLab(title: string, options: LabOptions, body: (lab: () => Lab) => void): void {
  describeWhereBootable(title, () => {
    let lab: Lab | undefined;
    beforeAll(
      async () => {
        lab = await startLab(options);
      },
      isCacheUnfinished() ? 600_000 : 120_000,
    );
    afterAll(() => lab?.stop());
    body(() => {
      if (lab === undefined) throw new Error('the lab runs only inside tests and hooks');
      return lab;
    });
  });
}
