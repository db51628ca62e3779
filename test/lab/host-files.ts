import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './command.ts';
import type { Flavour } from './root-image.ts';

/** What makes one copy of the root a host of its own. */
export type HostFacts = {
  name: string;
  address: string;
  /** The bridge, where this machine is. */
  gateway: string;
  /** The line for authorized_keys. */
  publicKey: string;
  flavour: Flavour;
  internet: boolean;
};

/** Writes a host's own files into its root before the first boot.
 * @returns its host keys, each as `TYPE BASE64`, so that strict checking holds from the first login */
export async function writeHostFiles(root: string, facts: HostFacts): Promise<string[]> {
  put(root, '/etc/hostname', `${facts.name}\n`);
  put(root, '/etc/hosts', `127.0.0.1\tlocalhost\n::1\tlocalhost\n${facts.address}\t${facts.name}\n`);
  put(root, '/etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444);
  put(root, '/root/.ssh/authorized_keys', `${facts.publicKey}\n`, 0o600);
  put(root, '/etc/ssh/sshd_config.d/lab.conf', sshdSettings(facts.flavour));
  // A container's first process that ignores TERM would hold an orderly reboot for 90 s.
  put(root, '/etc/systemd/system.conf.d/lab.conf', '[Manager]\nDefaultTimeoutStopSec=15s\n');
  put(root, '/etc/systemd/system/lab-network.service', networkUnit(facts));
  enable(root, 'lab-network.service');
  // Without a way out an empty resolv.conf makes look-ups fail at once instead of after 10 s.
  put(root, '/etc/resolv.conf', facts.internet ? readFileSync('/etc/resolv.conf', 'utf8') : '');
  put(root, '/etc/apt/apt.conf.d/90lab', 'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\n');
  return Promise.all(['ed25519', 'ecdsa'].map((type) => hostKey(root, type)));
}

/** Writes a file into a host's root; directories on the way are made as root's, 0755 (0700 for .ssh). */
export function put(root: string, path: string, text: string | Buffer, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: path.includes('/.ssh/') ? 0o700 : 0o755 });
  writeFileSync(file, text, { mode });
}

/** Enables a unit for multi-user.target of a host that does not run yet. */
export function enable(root: string, unit: string): void {
  const directory = join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(directory, { recursive: true });
  symlinkSync(`/etc/systemd/system/${unit}`, join(directory, unit));
}

function sshdSettings(flavour: Flavour): string {
  const limits = ['MaxStartups 500:30:1000', 'MaxSessions 100', 'LoginGraceTime 30', 'UseDNS no'];
  // OpenSSH 10 shuts out an address for a while after failed logins: tests of wrong keys would lock each other out.
  if (flavour === 'trixie') limits.push('PerSourcePenalties no');
  return `${limits.join('\n')}\n`;
}

function networkUnit({ address, gateway }: HostFacts): string {
  return `[Unit]
Description=The lab's network
DefaultDependencies=no
Before=network.target network-online.target ssh.service
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set host0 up; ip addr add ${address}/24 dev host0; ip route add default via ${gateway}'

[Install]
WantedBy=multi-user.target
`;
}

async function hostKey(root: string, type: string): Promise<string> {
  const file = join(root, `etc/ssh/ssh_host_${type}_key`);
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'lab', '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim();
}
