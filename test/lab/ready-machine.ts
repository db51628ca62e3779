import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingCapability } from './capability.ts';
import { run } from './command.ts';
import { withLock } from './lock.ts';
import { cacheFolder } from './places.ts';

/** Debian packages of this machine (not of the lab's hosts), each with a file that tells that it is there. */
const needed: Record<string, string> = {
  mmdebstrap: '/usr/bin/mmdebstrap',
  'systemd-container': '/usr/bin/systemd-nspawn',
  iptables: '/usr/sbin/iptables',
  'openssh-client': '/usr/bin/ssh-keygen',
  iproute2: '/usr/sbin/ip',
  'busybox-static': '/bin/busybox',
  acl: '/usr/bin/setfacl',
  python3: '/usr/bin/python3',
  'util-linux': '/usr/bin/nsenter',
};

/** Makes sure that this machine can boot hosts, installing what is not there yet; a fresh Debian is enough.
 * @throws Error in one sentence when it cannot */
export async function readyMachine(): Promise<void> {
  const lacks = missingCapability();
  if (lacks !== undefined) throw new Error(lacks);
  if (missing().length === 0) return;
  await withLock(join(cacheFolder, 'apt.lock'), async () => {
    const packages = missing();
    if (packages.length === 0) return;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-q'], { env });
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env });
  });
}

function missing(): string[] {
  return Object.keys(needed).filter((name) => !existsSync(needed[name] ?? ''));
}
