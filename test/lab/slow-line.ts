import { spawn } from 'node:child_process';
import type { LabHost } from './host.ts';
import { withLock } from './lock.ts';
import { freeNetwork } from './network.ts';
import type { Lab } from './open-lab.ts';
import { asset, labsDirectory } from './places.ts';
import { identify, killExactly, waitGoneSync } from './process-identity.ts';
import { writeRecord } from './record.ts';

/** A second, slow way to a host. */
export type SlowLine = {
  /** The host's address on this line. */
  readonly address: string;
  /** This machine's address on this line. */
  readonly near: string;
  /** Takes the line away; twice is fine. It also ends with the host, with the lab and with this process. */
  stop(): void;
};

/** Lays a line to a host on which every packet takes `delayMs` in each direction: a round trip is twice that.
 *
 * The host's keys are trusted under its address here too. A reboot of the host ends the line. */
export async function slowLine(lab: Lab, host: LabHost, options: { delayMs: number }): Promise<SlowLine> {
  const { near, address, child } = await withLock(`${labsDirectory}/labs.lock`, async () => {
    const network = await freeNetwork(78);
    const ends = { near: `${network}.1`, address: `${network}.2` };
    // Named after its network, as it is in both namespaces.
    const name = `slow${network.split('.')[2]}`;
    const args = [asset('slow-line.py'), host.pid, name, ends.near, ends.address, options.delayMs].map(String);
    const child = spawn('/usr/bin/python3', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    await ready(child);
    return { ...ends, child };
  });
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error('the slow line ended at once');
  // Neither the line nor its pipes keep this process alive: they are what ends the line when it dies.
  for (const part of [child, child.stdin, child.stdout, child.stderr]) (part as { unref?: () => void }).unref?.();
  lab.record.helpers.push(identity);
  writeRecord(lab.record);
  lab.trust(host.knownHosts.map((line) => line.replace(host.address, address)));
  return {
    address,
    near,
    stop() {
      killExactly(identity);
      waitGoneSync(identity, 2000);
    },
  };
}

async function ready(child: ReturnType<typeof spawn>): Promise<void> {
  let said = '';
  child.stderr?.on('data', (data) => {
    said += data;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the slow line ended with ${code}: ${said.trim()}`)));
    child.stdout?.once('data', () => resolve());
  });
}
