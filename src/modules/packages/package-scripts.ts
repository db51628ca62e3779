import type { Facts } from '../../core/facts.ts';
import type { Scope } from '../../core/scope.ts';
import type { Sh } from '../../core/sh.ts';
import { joinSh, sh } from '../../shell/sh.ts';

/** A package manager that heal knows. */
export type Manager = 'apt' | 'dnf' | 'apk';

/** The host's package manager. */
export function managerOf({ commands }: Facts): Manager | undefined {
  if (commands['apt-get'] !== undefined) return 'apt';
  if (commands['dnf'] !== undefined) return 'dnf';
  return commands['apk'] === undefined ? undefined : 'apk';
}

/**
 * The scopes that a package changes: files in the directories of a distribution, accounts, services. Not /root,
 * /home, /srv.
 */
export const packageTouches: readonly Scope[] = [
  'packages', 'users', 'units:system', 'units:user', 'ports', 'processes', 'http', 'docker',
  ...['bin', 'boot', 'etc', 'lib', 'lib32', 'lib64', 'opt', 'run', 'sbin', 'usr', 'var'].map((name) => `tree:/${name}`),
]; // biome-ignore format: a list of words

/** The task options for `installScript` and `removeScript`. */
interface How {
  readonly install_recommends: boolean;
  readonly allow_downgrade: boolean;
  readonly purge: boolean;
  readonly autoremove: boolean;
  readonly lock_timeout: number;
}

/**
 * Fetches apt's lists. Their directory gets the current time, which shows their age: apt keeps the old time if nothing is new.
 */
export function fetchLists(lockTimeout: number): Sh {
  return joinSh([apt(lockTimeout), sh`apt update`, sh`touch /var/lib/apt/lists`], '\n');
}

/** Installs packages, or updates them to a version or to the newest. */
export function installScript(
  manager: Manager,
  some: readonly { readonly name: string; readonly version?: string }[],
  how: How,
): Sh {
  const words = (sign: string): string[] =>
    some.map(({ name, version }) => (version === undefined ? name : `${name}${sign}${version}`));
  switch (manager) {
    case 'apt': {
      const flags = [
        ...(how.install_recommends ? [] : ['--no-install-recommends']),
        ...(how.allow_downgrade ? ['--allow-downgrades'] : []),
      ];
      return joinSh([apt(how.lock_timeout), sh`apt install ${flags} -- ${words('=')}`], '\n');
    }
    case 'dnf':
      return sh`dnf -y -q install -- ${words('-')}`;
    case 'apk':
      return sh`apk add --wait ${how.lock_timeout} ${words('=')}`;
  }
}

/** Removes packages. */
export function removeScript(manager: Manager, names: readonly string[], how: How): Sh {
  switch (manager) {
    case 'apt': {
      const flags = [...(how.purge ? ['--purge'] : []), ...(how.autoremove ? ['--auto-remove'] : [])];
      return joinSh([apt(how.lock_timeout), sh`apt remove ${flags} -- ${names}`], '\n');
    }
    case 'dnf':
      return sh`dnf -y -q remove -- ${names}`;
    case 'apk':
      return sh`apk del --wait ${how.lock_timeout} ${names}`;
  }
}

/**
 * The function `apt`: a non-interactive apt-get that keeps edited configuration files. apt-get itself waits for dpkg's
 * lock, but not for that of the lists. Its output is shown only if it fails, with its errors as the last line.
 */
function apt(lockTimeout: number): Sh {
  return sh`
    apt() {
      _wait=${lockTimeout}
      _until=$(($(date +%s) + _wait))
      while ! _said=$(
        LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l \
          apt-get -y -q -o Dpkg::Use-Pty=0 -o "DPkg::Lock::Timeout=$_wait" \
            -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>&1
      ); do
        case $_said in
          *'Could not get lock'* | *'Unable to lock'* | *'frontend lock'*)
            if [ "$(date +%s)" -lt "$_until" ]; then sleep 1; continue; fi ;;
        esac
        printf '%s\n' "$_said" >&2
        _why=$(printf '%s\n' "$_said" | grep -E '^(E|dpkg):' | head -n 6 | tr '\n' ' ')
        _why=\${_why% }
        die "\${_why:-apt-get failed}"
      done
    }
  `;
}
