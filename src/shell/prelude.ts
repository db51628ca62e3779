import type { Sh } from '../core/sh.ts';
import { becomer } from './as-user.ts';
import { sh } from './sh.ts';

/** The function `root`: whether the kept shell runs as root (the effective user id in proc_pid_status(5)); starts no program. */
export const isRoot: Sh = sh`
UID0=
root() {
  [ -n "$UID0" ] || while read -r _k _x UID0 _x; do [ "$_k" != Uid: ] || break; done </proc/self/status
  [ "$UID0" = 0 ]
}`;

/**
 * The functions that every program starts with: they frame the answers, ask groups of questions in parallel, and make a
 * change in a separate session. POSIX sh with the tools that heal requires on a host; tested with dash and
 * coreutils, and with only busybox. `$N` is the program's nonce, set by the bootstrap; descriptor 3 is the channel.
 *
 * Each program stores its intermediate files in a separate directory that only its account can enter, and removes it at
 * the end.
 */
export const prelude: Sh = sh`
set +e
# Only the kept shell has the lock of src/shell/run-lock.ts: background processes of a task must not keep it.
exec 9>&-
cd / 2>/dev/null
W=
for d in /run /dev/shm /tmp /var/tmp "$HOME"; do
  W=$(mktemp -d "$d/.heal.XXXXXX" 2>/dev/null) && break
done
if [ -z "$W" ]; then
  printf '\n%s nowhere - 0\n' "$N" >&3
  exit 1
fi
trap 'rm -rf "$W"' EXIT
groups= pid=
# A requested stop ends all processes of a change, and the groups of questions that are running.
stop() {
  trap '' TERM
  if [ -n "$pid" ]; then
    kill -TERM "$pid" "-$pid"
    _i=0
    while [ "$_i" -lt 20 ] && kill -0 "-$pid"; do sleep 0.1; _i=$((_i + 1)); done
    kill -KILL "-$pid"
  fi
  [ -z "$groups" ] || kill -TERM $groups
  exit 143
} 2>/dev/null
trap stop TERM

# say KIND ID WORDS FILE: sends one frame with the file as its body.
say() {
  if [ -s "$4" ]; then
    printf '\n%s %s %s %s %s\n' "$N" "$1" "$2" "$3" "$(($(wc -c <"$4")))" >&3
    cat "$4" >&3
  else
    printf '\n%s %s %s %s 0\n' "$N" "$1" "$2" "$3" >&3
  fi
}

${isRoot}

${becomer}

# group ID DEADLINE USER NONCE, the script on stdin: asks one group of questions. Output and errors go to the stdout of its
# caller. Another account can read the environment of its processes, so its answers are marked with a separate NONCE.
group() {
  printf '\n%s group %s\n' "$N" "$1"
  exec 4<&0
  if [ -z "$3" ]; then HEAL_N=$N timeout -s KILL "$2" sh -s <&4 2>&1 3>&- 4>&- &
  elif root; then HEAL_N=$4 timeout -s KILL "$2" su -s /bin/sh "$3" -c 'exec sh -s' <&4 2>&1 3>&- 4>&- &
  else
    becomer "$3"
    { printf '%sHEAL_N=%s\n' "$ahead" "$4"; cat; } <&4 | timeout -s KILL "$2" sh -c "$become" become "$3" "exec sh -s" 2>&1 3>&- 4>&- &
  fi
  asked=$!
  exec 4<&-
  wait "$asked"
  printf '\n%s done %s %s\n' "$N" "$1" "$?"
}

# answers: sends the output of all parallel groups in one frame.
answers() {
  wait $groups
  set -- "$W"/group[0-9]*
  [ $# = 1 ] || { cat "$@" >"$W/all" 2>/dev/null; set -- "$W/all"; }
  say answers - 0 "$1"
}

# Keeps the first MiB of stdin. If there is more, it is read and discarded, so that the writer is not killed, and $1 is created.
# The limit is on the file size (in blocks of 512 bytes), because head would lose unflushed output when it is ended.
cap='ulimit -c 0; ulimit -f 2048; cat || { : >"$1"; cat >/dev/null; }'

# endall PID...: kills helper processes and all that they started, also a helper that is not a session leader yet.
endall() {
  for _p do kill -KILL "$_p" "-$_p"; done 2>/dev/null
}

# act ID FREE TIMEOUT USER NONCE, the script on stdin: applies one change in a separate session, so that a signal reaches all
# its processes. If FREE is 1, its output is not limited: it writes to pipes, and only the first MiB is kept.
act() {
  printf '\n%s start %s 0\n' "$N" "$1" >&3
  [ ! -e "$W/act.out" ] || rm -f "$W"/act.*
  out=$W/act.out err=$W/act.err
  if [ "$2" = 1 ]; then
    out=$W/act.o err=$W/act.e
    mkfifo "$out" "$err"
    setsid sh -c "$cap" cap "$W/act.cut" <"$out" >"$W/act.out" 2>/dev/null 3>&- &
    capo=$!
    setsid sh -c "$cap" cap "$W/act.cut" <"$err" >"$W/act.err" 2>/dev/null 3>&- &
    cape=$!
  fi
  exec 4<&0
  if [ -z "$4" ]; then HEAL_N=$5 setsid sh -s <&4 >"$out" 2>"$err" 3>&- 4>&- &
  elif root; then HEAL_N=$5 setsid su -s /bin/sh "$4" -c 'exec sh -s' <&4 >"$out" 2>"$err" 3>&- 4>&- &
  else
    becomer "$4"
    { printf '%sHEAL_N=%s\n' "$ahead" "$5"; cat; } <&4 | setsid sh -c "$become" become "$4" "exec sh -s" >"$out" 2>"$err" 3>&- 4>&- &
  fi
  pid=$!
  exec 4<&-
  timer=
  if [ "$3" != 0 ]; then
    setsid sh -c 'sleep "$1"; : >"$3"; kill -TERM "-$2"; sleep 3; kill -KILL "-$2"' timer "$3" "$pid" "$W/act.late" \
      </dev/null >/dev/null 2>&1 3>&- &
    timer=$!
  fi
  wait "$pid"
  rc=$?
  pid=
  [ -z "$timer" ] || endall "$timer"
  if [ "$2" = 1 ]; then
    # Background processes may keep the pipes open: the remaining output is read for at most one second.
    setsid sh -c 'sleep 1; kill -KILL "-$1" "-$2"' reaper "$capo" "$cape" </dev/null >/dev/null 2>&1 3>&- &
    reaper=$!
    wait "$capo" "$cape" 2>/dev/null
    endall "$reaper"
  fi
  flags=whole
  [ ! -e "$W/act.cut" ] || flags=cut
  [ ! -e "$W/act.late" ] || flags=$flags,late
  say out "$1" 0 "$W/act.out"
  say err "$1" 0 "$W/act.err"
  printf '\n%s act %s %s %s 0\n' "$N" "$1" "$rc" "$flags" >&3
  return "$rc"
}
`;
