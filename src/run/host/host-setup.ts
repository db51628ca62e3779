import { basename } from 'node:path/posix';
import type { Frame } from '../../core/connection.ts';
import { HealError } from '../../core/errors.ts';
import type { Facts } from '../../core/facts.ts';
import type { Sh } from '../../core/sh.ts';
import { lockAlive, lockFile } from '../../shell/run-lock.ts';
import { sh } from '../../shell/sh.ts';

/** The host's output at login: its facts, and the handlers that an earlier run left pending, as the contents of their files. */
export interface HostSetup {
  readonly facts: Facts;
  readonly pending: readonly string[];
  /** The content of the lock's file: the last run that changed the host, or `held`. */
  readonly lock: string;
}

/** heal requires these tools; any Debian, Ubuntu, Fedora and Alpine has them. */
const needed = ['stat', 'base64', 'sha256sum', 'mktemp', 'setsid', 'timeout', 'dd', 'head', 'wc', 'cat', 'mkfifo'];

/** Tools whose path is useful in conditions and modules. */
const interesting = [
  'apt-get', 'apk', 'dnf', 'systemctl', 'journalctl', 'loginctl', 'docker', 'getfacl', 'setfacl', 'curl', 'wget',
  'ss', 'sudo', 'su', 'setpriv', 'crontab', 'git', 'tar', 'gzip', 'sqlite3', 'node', 'openclaw', 'busybox',
]; // biome-ignore format: a list of words

/**
 * Sent in the same flight as the login. `${#_o}` counts bytes, because the kept shell runs under LC_ALL=C. The shell itself reads
 * /proc and /etc if it can: a tool costs about 1 ms. Values have one line each, so a hostile host name can't forge another key.
 */
export const hostSetupProgram: Sh = sh`
put() { _v=$2; case $_v in *"
"*) _v=$(printf %s "$_v" | tr '\n' ' ');; esac; _o="$_o$1=$_v
"; }
_o=
_missing=
for _c in ${needed}; do command -v "$_c" >/dev/null 2>&1 || _missing="$_missing $_c"; done
put missing "$_missing"
_k=$(for _c in ${interesting}; do command -v "$_c"; done 2>/dev/null)
for _c in $_k; do put command "$_c"; done
for _f in /etc/os-release /usr/lib/os-release; do
  [ -r "$_f" ] || continue
  while IFS= read -r _l; do
    case $_l in
      ID=*|ID_LIKE=*|PRETTY_NAME=*|VERSION_ID=*|VERSION_CODENAME=*)
        put "os_\${_l%%=*}" "\${_l#*=}";;
    esac
  done <"$_f"
  break
done
read -r _h </proc/sys/kernel/hostname && put hostname "$_h"
read -r _h </proc/sys/kernel/osrelease && put kernel "$_h"
read -r _h </proc/sys/kernel/random/boot_id && put boot_id "$_h"
read -r _h </proc/1/comm && put init "$_h"
while read -r _n _w _x; do
  case $_n in MemTotal:) put memory_total "$_w";; MemAvailable:) put memory_available "$_w"; break;; esac
done </proc/meminfo
_n=0
while read -r _w _x; do case $_w in cpu[0-9]*) _n=$((_n + 1));; intr) break;; esac; done </proc/stat
put cpus "$_n"
_u=$(id -u)
put id "$_u $(id -un)"
put home "$HOME"
put shell "$SHELL"
put arch "$(uname -m)"
put time "$(date +%s)"
put disk "$(df -Pk / 2>/dev/null | tail -n 1)"
[ -d /run/systemd/system ] && put systemd "$(systemctl --version 2>/dev/null | head -n 1)"
[ -S /var/run/docker.sock ] && put docker_socket 1
printf '\n%s facts - %s\n%s' "$N" "\${#_o}" "$_o" >&3
${lockFile}
${lockAlive}
_l=
[ -r "$_f" ] && IFS= read -r _l <"$_f"
[ -n "$_l" ] && alive $_l && _l=held
printf '\n%s lock - %s\n%s' "$N" "\${#_l}" "$_l" >&3
_s=/var/lib/heal/pending-handlers
[ "$_u" = 0 ] || _s=$HOME/.local/state/heal/pending-handlers
for _f in "$_s"/*.handler; do
  [ -f "$_f" ] || continue
  # Read once, because another run may remove it meanwhile: a frame that is shorter than announced would include later output.
  _o=$(cat "$_f" 2>/dev/null && echo x) && _o=\${_o%x} && printf '\n%s pending - %s\n%s' "$N" "\${#_o}" "$_o" >&3
done
:
`;

/** Largest sum of facts and pending handlers of a host, in bytes. Usually they need some kilobytes. */
const setupLimit = 4 * 1024 * 1024;

/** Collects the frames of `hostSetupProgram`. */
export function hostSetupReader(): { onFrame: (frame: Frame) => void; setup: () => HostSetup } {
  let text: string | undefined;
  let bytes = 0;
  const pending: string[] = [];
  let lock = '';
  return {
    onFrame: (frame) => {
      bytes += frame.body.length;
      if (bytes > setupLimit) {
        throw new HealError('failed', `the host sent more than ${setupLimit} bytes of facts and pending handlers`, {
          hint: 'look at /var/lib/heal/pending-handlers on the host',
        });
      }
      if (frame.kind === 'facts') text = frame.body.toString('utf8');
      if (frame.kind === 'lock') lock = frame.body.toString('utf8');
      if (frame.kind === 'pending') pending.push(frame.body.toString('utf8'));
    },
    setup: () => {
      if (text === undefined) throw new HealError('unreachable', 'the login succeeded, but the host sent no facts');
      return { facts: parseFacts(text), pending, lock };
    },
  };
}

/** The values for a host that could not be reached. */
export const noHostSetup: HostSetup = { facts: parseFacts(''), pending: [], lock: '' };

/** Facts from `key=value` lines; throws an error that names the tool if the host lacks one that heal needs. */
export function parseFacts(text: string): Facts {
  const said = new Map(
    text.split('\n').map((line): [string, string] => {
      const equals = line.indexOf('=');
      return [line.slice(0, Math.max(0, equals)), line.slice(equals + 1)];
    }),
  );
  const value = (key: string): string => said.get(key) ?? '';
  const missing = value('missing').trim();
  if (missing !== '') {
    throw new HealError('failed', `the host lacks ${missing.split(/\s+/).join(', ')}`, {
      hint: 'install coreutils and util-linux, or busybox with these applets',
    });
  }
  const [uid, user] = value('id').split(' ');
  // df -P: file system, blocks, used, available, capacity, mount point; all but the first are free of spaces.
  const disk = value('disk').trim().split(/\s+/).slice(-5);
  const family = [osValue(value('os_ID')), ...osValue(value('os_ID_LIKE')).split(' ')];
  const megabytes = (kilobytes: string | undefined): number => Math.floor(Number(kilobytes ?? 0) / 1024) || 0;
  const commands = text.split('\n').flatMap((line) => (line.startsWith('command=') ? [line.slice(8)] : []));
  return {
    hostname: value('hostname'),
    user: user ?? '',
    uid: Number(uid ?? -1),
    home: value('home'),
    shell: value('shell'),
    kernel: value('kernel'),
    arch: value('arch'),
    time: Number(value('time')),
    boot_id: value('boot_id'),
    init: value('init'),
    os: {
      id: osValue(value('os_ID')),
      family:
        ['debian', 'rhel', 'fedora', 'alpine', 'suse', 'arch'].find((name) => family.includes(name)) ?? family[0] ?? '',
      name: osValue(value('os_PRETTY_NAME')),
      version: osValue(value('os_VERSION_ID')),
      codename: osValue(value('os_VERSION_CODENAME')),
    },
    memory: { total_mb: megabytes(value('memory_total')), available_mb: megabytes(value('memory_available')) },
    disk: {
      total_mb: megabytes(disk[0]),
      available_mb: megabytes(disk[2]),
      used_percent: Number.parseInt(disk[3] ?? '0', 10) || 0,
    },
    cpus: Number(value('cpus')),
    systemd: {
      running: said.has('systemd'),
      version: Number.parseInt(value('systemd').replace(/^systemd\s+/, ''), 10) || 0,
    },
    docker: { present: commands.some((path) => basename(path) === 'docker'), socket: value('docker_socket') === '1' },
    commands: Object.fromEntries(commands.map((path) => [basename(path), path])),
  };
}

/** Values of os-release may be quoted (os-release(5)). */
function osValue(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, '$2');
}
