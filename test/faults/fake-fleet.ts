import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { type FakeHost, fakeHost, fakes } from '../ssh/fake-host.ts';
import type { Sshd } from '../ssh/sshd.ts';

/** A project for 20 good hosts, `good0` to `good19`, and one fake host of each kind: `fakeN` does what `fakes[N]` says. */
export interface FakeFleet {
  readonly good: readonly string[];
  /** Texts by path. */
  readonly files: Readonly<Record<string, string>>;
  stop(): void;
}

/**
 * Starts the fake hosts. The playbook `site` writes a file of each host's name into the directory of `sshd`, and a handler
 * another one, `NAME.told`.
 *
 * @param patience seconds that a login to a fake host may take
 */
export async function fakeFleet(sshd: Sshd, patience: (what: string) => number): Promise<FakeFleet> {
  const servers: FakeHost[] = [];
  const key = readFileSync(sshd.hostKeys.ed25519);
  for (const what of fakes) servers.push(await fakeHost(what, key));
  const good = Array.from({ length: 20 }, (_, n) => `good${n}`);
  const publicKey = readFileSync(`${sshd.hostKeys.ed25519}.pub`, 'utf8');
  const known = [sshd.port, ...servers.map(({ port }) => port)].map((port) => `[127.0.0.1]:${port} ${publicKey}`);
  const common = { ...sshd.variables, known_hosts_file: 'known_hosts' };
  const hosts = {
    ...Object.fromEntries(good.map((name) => [name, { ...common, connect_timeout: 60 }])),
    ...Object.fromEntries(
      servers.map(({ port }, n) => [`fake${n}`, { ...common, port, connect_timeout: patience(fakes[n] ?? '') }]),
    ),
  };
  const play = {
    name: 'A play',
    hosts: 'all',
    vars: { out: sshd.directory },
    tasks: [
      {
        name: 'The file is there',
        copy: { content: 'x\n', dest: '{{ out }}/{{ inventory_hostname }}' },
        notify: 'Tell',
      },
    ],
    handlers: [{ name: 'Tell', command: 'touch {{ out }}/{{ inventory_hostname }}.told' }],
  };
  return {
    good,
    files: {
      'inventory/hosts.yml': stringify({ all: { hosts } }),
      known_hosts: known.join(''),
      'tasks/site.yml': stringify([play], { lineWidth: 0 }),
    },
    stop: () => {
      for (const server of servers) server.stop();
    },
  };
}
