import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from './command.ts';
import type { LabHost } from './host.ts';
import { asset } from './places.ts';

/** A phase of the owner's plan. */
export type Phase = 1 | 2 | 3 | 4 | 5;

/** Follows the owner's plan on a site by its command blocks unedited, as he did once; phase 1 alone if nothing else is
 * said (Jack's system unit, its StartLimit lines in the wrong section).
 *
 * A Jack who was started by hand keeps the port, for the plan's pkill does not match him: boot with `jack: 'stopped'`
 * for a unit that runs.
 * @returns what each phase printed; a block that fails does not stop the next, as in a person's shell */
export async function prepareByHand(host: LabHost, phases: readonly Phase[] = [1]): Promise<CommandResult[]> {
  const said: CommandResult[] = [];
  for (const phase of phases) said.push(await runAsset(host, `phase-${phase}.sh`));
  return said;
}

/** Makes a site what the plan's Implementation Notes tell of the owner's real host: Jack in his user unit.
 * @throws Error when a step fails */
export async function prepareAsNotes(host: LabHost): Promise<void> {
  const step = async (name: string): Promise<void> => {
    const said = await runAsset(host, name);
    if (said.code !== 0) throw new Error(`${host.name}: ${name} ended with ${said.code}: ${said.stderr}`);
  };
  await step('notes-phase-1.sh');
  await prepareByHand(host, [2, 3, 4]);
  await step('notes.sh');
}

async function runAsset(host: LabHost, name: string): Promise<CommandResult> {
  // From a file: as an argument the text itself would be what `pkill -f` finds.
  copyFileSync(asset('by-hand', name), join(host.root, 'root', name));
  return await host.attempt(`SYSTEMD_PAGER= bash /root/${name} </dev/null; code=$?; rm /root/${name}; exit $code`, {
    timeoutMs: 300_000,
  });
}
