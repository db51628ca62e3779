import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { missingCapability } from './lab/capability.ts';
import { readyMachine } from './lab/ready-machine.ts';

/** Before the first test: the Debian packages that tests run programs of, and the built command. */
export default async function prepareMachine(): Promise<void> {
  if (missingCapability() === undefined) await readyMachine();
  if (!existsSync('dist/heal.js')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
