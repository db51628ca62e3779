import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { attemptSync, run } from './command.ts';
import type { LabRecord } from './record.ts';

/** A /24 that no link of this machine has and no route leads to: `10.SECOND.N`. Hold the machine-wide lock. */
export async function freeNetwork(second: number): Promise<string> {
  const taken = `${await run('ip', ['-4', '-o', 'addr'])}${await run('ip', ['-4', 'route'])}`;
  const first = randomInt(1, 255);
  for (let step = 0; step < 254; step++) {
    const network = `10.${second}.${((first + step) % 254) + 1}`;
    if (!taken.includes(`${network}.`)) return network;
  }
  throw new Error(`no free network in 10.${second}.0.0/16`);
}

/** Makes the lab's bridge, with this machine on it as .1. */
export async function makeBridge(record: LabRecord): Promise<void> {
  await run('ip', ['link', 'add', record.bridge, 'type', 'bridge']);
  await run('ip', ['addr', 'add', `${record.network}.1/24`, 'dev', record.bridge]);
  await run('ip', ['link', 'set', record.bridge, 'up']);
  if (!record.internet) return;
  if (readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '0') {
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  }
  for (const rule of natRules(record)) await run('iptables', ['-w', ...rule('-A')]);
}

/** Removes the bridge and its rules; nothing happens where they are gone already. Blocking, for the exit. */
export function removeBridge(record: LabRecord): void {
  attemptSync('ip', ['link', 'del', record.bridge]);
  if (record.internet) for (const rule of natRules(record)) attemptSync('iptables', ['-w', ...rule('-D')]);
}

function natRules({ bridge, network }: LabRecord): ((verb: string) => string[])[] {
  const source = `${network}.0/24`;
  return [
    (verb) => ['-t', 'nat', verb, 'POSTROUTING', '-s', source, '!', '-o', bridge, '-j', 'MASQUERADE'],
    (verb) => [verb, 'FORWARD', '-i', bridge, '-j', 'ACCEPT'],
    (verb) => [verb, 'FORWARD', '-o', bridge, '-j', 'ACCEPT'],
  ];
}
