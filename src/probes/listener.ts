import { type Account, type Question, question } from '../core/probe.ts';
import { absent, present, type State } from '../core/state.ts';
import { sh } from '../shell/sh.ts';
import { belowFirst, groupPath, isContainerised, unitOf } from './control-group.ts';
import { defineProbe } from './define.ts';
import { parts } from './trouble.ts';
import type { UnitScope } from './unit-state.ts';

/** A process that listens on a port. */
export interface Listener {
  readonly pid: number;
  /** Clock ticks after boot: together with the pid it identifies a process uniquely. */
  readonly started: string;
  readonly comm: string;
  readonly args: readonly string[];
  readonly uid: number;
  /** Path of its control group as seen from the host's first process. */
  readonly cgroup: string;
  /** The systemd unit in which it runs, if any, and the manager of that unit. */
  readonly unit?: string;
  readonly scope?: UnitScope;
  /** It is in a container, or is the proxy of one: heal must not stop it. */
  readonly containerised: boolean;
}

/** The processes that listen on a port. */
export interface Listening {
  readonly processes: readonly Listener[];
  readonly addresses: readonly string[];
  /** Inodes of the sockets. */
  readonly sockets: readonly string[];
  /** Sockets without a visible process: it belongs to another account, or to another process namespace. */
  readonly hidden: number;
}

interface Socket {
  readonly port: number;
  readonly address: string;
  readonly inode: string;
}

/**
 * The processes that listen on a TCP port, using only /proc, which every host has: sockets from /proc/net/tcp and tcp6, processes
 * from their open descriptors. Without a listener the answer is `absent`.
 */
export const listenerProbe = defineProbe<{ readonly port: number }, Listening>({
  name: 'listener',
  about: 'Which processes listen on a TCP port, and in which unit or container they run.',
  cost: 15,
  deadline: 30,
  key: ({ port }) => String(port),
  scopes: () => ['ports', 'processes'],
  ask: (items) => {
    const ports = items.map(({ params }) => params.port.toString(16).toUpperCase().padStart(4, '0'));
    return sh`
      sockets=$(
        for port in ${ports}; do
          grep -h ":$port [0-9A-F]*:[0-9A-F]* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
        done
      )
      printf '\n%s sockets\n%s\n' "$N" "$sockets"
      if [ -n "$sockets" ]; then
        tell() {
          printf '\n%s cgroup-%s\n' "$N" "$1"; cat "/proc/$1/cgroup"
          printf '\n%s ns-%s\n' "$N" "$1"; readlink "/proc/$1/ns/pid"
        } 2>/dev/null
        tell 1
        set -- $(printf '%s\n' "$sockets" | while read -r sl at peer st queue timer tries uid wait inode rest; do
          echo "-e socket:.$inode]"
        done)
        held=$(ls -l /proc/1/fd /proc/[0-9]*/fd 2>/dev/null | grep -e '^/proc/' "$@")
        pids=$(printf '%s\n' "$held" | while read -r line; do
          case $line in
            /proc/*) pid=\${line#/proc/} pid=\${pid%%/*} ;;
            *) echo "$pid \${line##*socket:}" ;;
          esac
        done | sort -u)
        printf '\n%s held\n%s\n' "$N" "$pids"
        for pid in $(printf '%s\n' "$pids" | cut -d ' ' -f 1 | sort -u); do
          tell "$pid"
          printf '\n%s stat-%s\n' "$N" "$pid"; cat "/proc/$pid/stat" 2>/dev/null
          printf '\n%s uid-%s\n' "$N" "$pid"; stat -c %u "/proc/$pid" 2>/dev/null
          printf '\n%s args-%s\n' "$N" "$pid"; cat "/proc/$pid/cmdline" 2>/dev/null
        done
      fi
      printf '\n%s end\n' "$N"
    `;
  },
  parse: (reply, items) => {
    const said = parts(reply.output, reply.nonce);
    if (!said.has('end')) return new Map();
    const text = (name: string): string => said.get(name)?.toString('utf8').trim() ?? '';
    const sockets = text('sockets').split('\n').flatMap(readSocket);
    const held = text('held')
      .split('\n')
      .map((line) => /^(\d+) \[(\d+)\]$/.exec(line))
      .flatMap((match) =>
        match?.[1] === undefined || match[2] === undefined ? [] : [{ pid: Number(match[1]), inode: match[2] }],
      );
    return new Map(
      items.map(({ id, params }): [string, State<Listening>] => {
        const own = sockets.filter(({ port }) => port === params.port);
        if (own.length === 0) return [id, absent];
        const pids = new Set(
          held.filter(({ inode }) => own.some((socket) => socket.inode === inode)).map(({ pid }) => pid),
        );
        const hidden = own.filter((socket) => !held.some(({ inode }) => inode === socket.inode)).length;
        return [
          id,
          present({
            processes: [...pids].flatMap((pid) => readProcess(pid, text)),
            addresses: [...new Set(own.map(({ address }) => address))],
            sockets: own.map(({ inode }) => inode),
            hidden,
          }),
        ];
      }),
    );
  },
});

/** Asks for the processes that listen on a TCP port of the host. */
export function listener(port: number, account: Account = {}): Question<Listening> {
  return question(listenerProbe, { port }, account);
}

/** A line of /proc/net/tcp (proc(5)). */
function readSocket(line: string): Socket[] {
  const fields = line.trim().split(/\s+/);
  const [address, port] = (fields[1] ?? '').split(':');
  const inode = fields[9];
  if (address === undefined || port === undefined || inode === undefined) return [];
  return [{ port: Number.parseInt(port, 16), address: addressOf(address), inode }];
}

/** Hex of /proc/net/tcp, each four bytes as a number of the host, which is little-endian. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.join('').toLowerCase().match(/.{4}/g) ?? [];
  return groups
    .map((one) => one.replace(/^0{1,3}/, ''))
    .join(':')
    .replace(/(^|:)0(:0)+(:|$)/, '::');
}

function readProcess(pid: number, text: (name: string) => string): Listener[] {
  // The second field is the name in parentheses, which may contain both spaces and parentheses (proc(5)).
  const stat = /^\d+ \((.*)\) (.*)$/s.exec(text(`stat-${pid}`));
  if (stat?.[1] === undefined || stat[2] === undefined) return [];
  const first = groupPath(text('cgroup-1'));
  const cgroup = belowFirst(groupPath(text(`cgroup-${pid}`)), first);
  const namespace = text(`ns-${pid}`);
  const otherNamespace = namespace !== '' && text('ns-1') !== '' && namespace !== text('ns-1');
  return [
    {
      pid,
      started: stat[2].split(' ')[19] ?? '',
      comm: stat[1],
      args: text(`args-${pid}`).replace(/\0$/, '').split('\0'),
      uid: Number(text(`uid-${pid}`)),
      cgroup,
      ...unitOf(cgroup),
      containerised: otherNamespace || isContainerised(cgroup, stat[1]),
    },
  ];
}
