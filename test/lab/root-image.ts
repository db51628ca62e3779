import { createHash } from 'node:crypto';
import { cached } from './cache.ts';
import { attempt, run } from './command.ts';

/** Which Debian a host is: trixie is 13 (systemd 257, OpenSSH 10), bookworm 12 (systemd 252, OpenSSH 9.2). */
export type Flavour = 'trixie' | 'bookworm';

const common =
  'systemd systemd-sysv dbus dbus-user-session libpam-systemd openssh-server acl cron docker.io iptables procps ' +
  'ca-certificates iproute2 sudo curl jq sqlite3 fuse3 bindfs libstdc++6 busybox-static';

const packages: Record<Flavour, string> = {
  trixie: `${common} docker-cli docker-compose`,
  bookworm: common, // its docker-compose is the old Python program, not `docker compose`
};

// Docker stays off until a host asks for it: engine tests boot often and need only systemd and sshd. The timers would
// wake in the middle of a measurement. Every host gets host keys and a machine id of its own. The update stamps are
// newer than /usr, so that the first boot skips ldconfig and its like. Generators find nothing to do in a host without disks,
// consoles and sysv scripts, but systemd would start all of them at each daemon-reload.
const finish = `set -e
systemctl --root="$1" disable docker.service docker.socket containerd.service
systemctl --root="$1" mask systemd-modules-load.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \\
  fstrim.timer e2scrub_all.timer systemd-firstboot.service console-getty.service systemd-pstore.service
for generator in "$1"/usr/lib/systemd/system-generators/*; do
  mkdir -p "$1"/etc/systemd/system-generators
  ln -s /dev/null "$1/etc/systemd/system-generators/\${generator##*/}"
done
rm -f "$1"/etc/ssh/ssh_host_*_key* "$1"/etc/machine-id
: > "$1"/etc/resolv.conf
chmod 0644 "$1"/etc/hostname "$1"/etc/resolv.conf
touch "$1"/etc/.updated "$1"/var/.updated`;

/** The directory of a finished Debian root, built on first use (about 30 s) and shared by all labs as the overlays'
 * lower layer: nobody may write into it. */
export async function rootImage(flavour: Flavour): Promise<string> {
  const digest = createHash('sha256').update(packages[flavour]).update(finish).digest('hex').slice(0, 12);
  return await cached(`${flavour}-${digest}`, async (directory) => {
    const wanted = packages[flavour].split(' ').join(',');
    const options = ['--variant=minbase', `--include=${wanted}`, `--customize-hook=${finish}`];
    await run('mmdebstrap', [...options, flavour, directory, await mirror()]);
  });
}

/** The Debian mirror that this machine's own apt uses: it may be the only one in reach. */
async function mirror(): Promise<string> {
  const listed = await attempt('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const own = listed.stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  return own ?? 'http://deb.debian.org/debian';
}
