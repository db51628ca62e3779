import type { UnitScope } from './unit-state.ts';

/** The path in a /proc/PID/cgroup: of the unified hierarchy, otherwise of systemd's own (cgroups(7)). */
export function groupPath(text: string): string {
  const lines = text.split('\n').map((line) => line.split(':'));
  const unified = lines.find(([id, names]) => id === '0' && names === '');
  const named = lines.find(([, names]) => names === 'name=systemd');
  const path = [unified, named].map((line) => line?.slice(2).join(':') ?? '').find((one) => one !== '' && one !== '/');
  return path ?? '/';
}

/**
 * The path below the group of the host's first process. The host may itself be a container whose groups
 * are visible from outside: the part that contains the whole host is irrelevant for one process.
 */
export function belowFirst(path: string, first: string): string {
  const root = first.replace(/\/init\.scope$/, '');
  if (root === '' || root === '/' || path === root) return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

const containers = [
  // Docker, podman, CRI-O, containerd with the systemd driver, also rootless.
  /\/(?:docker|libpod|crio|containerd|cri-containerd|nerdctl)-(?:conmon-)?[0-9a-f]{12,64}\.scope(?:\/|$)/,
  /\/(?:docker|podman|libpod_parent|containerd|garden|ecs|actions_job)\/[^/]*[0-9a-f]{12,64}(?:\/|$)/,
  /\/kubepods(?:[.-][^/]*)?(?:\/|$)/,
  /\/lxc(?:\.payload)?[./]/,
  /\/machine\.slice\//,
  /\/system\.slice\/containerd\.service\/[^/]+/,
];

/** Programs on the host that listen on behalf of a container. */
const proxies = new Set([
  'docker-proxy',
  'rootlessport',
  'slirp4netns',
  'pasta',
  'pasta.avx2',
  'conmon',
  'containerd-shim',
]);

/** Whether a process belongs to a container. */
export function isContainerised(cgroup: string, comm: string): boolean {
  return proxies.has(comm) || containers.some((pattern) => pattern.test(cgroup));
}

/** The unit of a group: the innermost; of the user's manager if the group is below `user@UID.service`. */
export function unitOf(cgroup: string): { readonly unit?: string; readonly scope?: UnitScope } {
  const names = cgroup.split('/').filter((name) => /\.(service|scope|socket|mount|swap)$/.test(name));
  const manager = names.findIndex((name) => /^user@\d+\.service$/.test(name));
  // A service may create groups below its own; the outermost is the unit.
  const unit = manager >= 0 && names.length > manager + 1 ? names[manager + 1] : names[0];
  if (unit === undefined) return {};
  return { unit: unescapeUnit(unit), scope: manager >= 0 && names.length > manager + 1 ? 'user' : 'system' };
}

// systemd prefixes a group with an underscore if its name could be a control file.
function unescapeUnit(name: string): string {
  return name.startsWith('_') ? name.slice(1) : name;
}
