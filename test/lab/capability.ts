import { accessSync, constants, existsSync } from 'node:fs';
import { attemptSync } from './command.ts';

let answer: { missing: string | undefined } | undefined;

/** What this machine lacks to boot a lab, in one sentence; undefined when it can.
 *
 * Asked once per process. A test skips itself by this sentence, and a CI that must run the lab fails by it. */
export function missingCapability(): string | undefined {
  answer ??= { missing: firstMissing() };
  return answer.missing;
}

function firstMissing(): string | undefined {
  if (process.platform !== 'linux') return `the lab boots Linux hosts, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'the lab needs root: it mounts overlays and makes namespaces';
  if (!existsSync('/usr/bin/apt-get')) return 'the lab needs apt-get: its hosts are built from Debian packages';
  if (!/\boverlay\b/.test(attemptSync('cat', ['/proc/filesystems']).stdout)) {
    return 'the lab needs overlayfs, which this kernel does not offer';
  }
  if (attemptSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']).code !== 0) {
    return 'the lab needs mount, network and process namespaces, which this machine refuses';
  }
  if (!/cgroup2/.test(attemptSync('cat', ['/proc/mounts']).stdout)) return 'the lab needs a cgroup2 mount';
  return unusable('/dev/net/tun') ?? unusable('/dev/fuse');
}

function unusable(device: string): string | undefined {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return `the lab needs ${device}`;
  }
}
