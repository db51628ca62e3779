import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cached } from './cache.ts';
import { run } from './command.ts';
import { bootHost } from './host.ts';
import { openLab } from './open-lab.ts';
import { asset } from './places.ts';
import { type Flavour, rootImage } from './root-image.ts';

/** How a site differs from the usual one. */
export type SiteOptions = {
  /** Whether John and Ross are there (default); without them Docker runs with their image alone. */
  bots?: boolean;
  /** Where dockremap's uids begin: 100000 (default) makes 101000 of a container's 1000, as on the owner's host. */
  subuidStart?: number;
};

// A host's own, or of one boot: a copy would give two hosts one identity.
const ownFiles = [
  ...['etc/hostname', 'etc/hosts', 'etc/machine-id', 'etc/resolv.conf', 'etc/ssh', 'root/.ssh', 'root/lab-site'],
  ...['etc/systemd/system/lab-network.service', 'etc/systemd/system/multi-user.target.wants/lab-network.service'],
  ...['etc/systemd/system.conf.d', 'etc/apt/apt.conf.d/90lab', 'var/log/journal', 'var/lib/systemd', 'run', 'tmp'],
];

/** The upper layer and Docker directory of a provisioned site: made once by provisioning a bare host for real, so that
 * the next site boots with its containers already there. */
export async function siteDirectories(
  options: SiteOptions & { flavour?: Flavour },
): Promise<{ upperDirectory: string; dockerDirectory: string }> {
  const flavour = options.flavour ?? 'trixie';
  if (flavour !== 'trixie' && options.bots !== false) throw new Error(`${flavour} has no docker compose: bots: false`);
  const args = [String(options.subuidStart ?? 100_000), options.bots === false ? 'no-bots' : 'bots'];
  const digest = createHash('sha256')
    .update(basename(await rootImage(flavour)))
    .update(args.join(' '));
  for (const file of readdirSync(asset('site')).sort()) digest.update(file).update(readFileSync(asset('site', file)));
  digest.update(ownFiles.join()).update('upper, docker'); // what the directory holds, too
  const directory = await cached(`site-${flavour}-${digest.digest('hex').slice(0, 12)}`, (building) =>
    provision(building, flavour, args),
  );
  return { upperDirectory: join(directory, 'upper'), dockerDirectory: join(directory, 'docker') };
}

async function provision(building: string, flavour: Flavour, args: readonly string[]): Promise<void> {
  const lab = await openLab({});
  try {
    const host = await bootHost(lab, { name: 'site', flavour });
    await run('cp', ['-r', asset('site'), join(host.root, 'root/lab-site')]);
    await host.exec(`sh /root/lab-site/provision.sh ${args.join(' ')}`, { timeoutMs: 180_000 });
    // Stopped by the shutdown of the engine, not by a person: at the next boot the containers start again.
    await host.exec('systemctl stop docker.socket docker containerd && sync', { timeoutMs: 60_000 });
    host.stop();
    const own = join(lab.directory, `${lab.record.id}-0`);
    mkdirSync(building, { recursive: true });
    await run('cp', ['-a', join(own, 'upper'), join(building, 'upper')]);
    await run('cp', ['-a', join(own, 'docker'), join(building, 'docker')]);
    for (const file of ownFiles) rmSync(join(building, 'upper', file), { recursive: true, force: true });
  } finally {
    lab.stop();
  }
}
