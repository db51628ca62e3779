import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installMachinePackages } from './lab/machine-packages.ts';
import { missingCapability } from './lab/capability.ts';

/** Before the first test: the Debian packages that tests run programs of, and the built command. */
export default async function prepareMachine(): Promise<void> {
  if (missingCapability() === undefined) await installMachinePackages();
  if (!existsSync('dist/heal.js')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
