import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingCapability } from './capability.ts';
import { run } from './command.ts';
import { withLock } from './lock.ts';
import { cacheDirectory } from './places.ts';

/** Debian packages of this machine (not of the lab's hosts), each with a file that tells that it is there. */
const needed: Record<string, string> = {
  mmdebstrap: '/usr/bin/mmdebstrap',
  'systemd-container': '/usr/bin/systemd-nspawn',
  iptables: '/usr/sbin/iptables',
  'openssh-client': '/usr/bin/ssh-keygen',
  'openssh-server': '/usr/sbin/sshd',
  iproute2: '/usr/sbin/ip',
  'busybox-static': '/bin/busybox',
  acl: '/usr/bin/setfacl',
  python3: '/usr/bin/python3',
  'util-linux': '/usr/bin/nsenter',
  // What logins of tests have to do with: another way to root, and login shells that are no Bourne shell.
  sudo: '/usr/bin/sudo',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
  tcsh: '/usr/bin/tcsh',
};

/** Makes sure that this machine can boot hosts, installing what is not there yet; a fresh Debian is enough.
 * @throws Error in one sentence when it cannot */
export async function readyMachine(): Promise<void> {
  const lacks = missingCapability();
  if (lacks !== undefined) throw new Error(lacks);
  roomForWatchers();
  if (missing().length === 0) return;
  await withLock(join(cacheDirectory, 'apt.lock'), async () => {
    const packages = missing();
    if (packages.length === 0) return;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // Another package manager at work is waited for, and a mirror that fails is asked again.
    const patient = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
    await run('apt-get', ['update', ...patient], { env });
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...patient, ...packages], { env });
  });
}

/** Each path unit of each host takes an inotify instance of this machine's root, who has 128 by default. */
function roomForWatchers(): void {
  const path = '/proc/sys/fs/inotify/max_user_instances';
  if (Number(readFileSync(path, 'utf8')) < 4096) writeFileSync(path, '4096');
}

function missing(): string[] {
  return Object.keys(needed).filter((name) => !existsSync(needed[name] ?? ''));
}
