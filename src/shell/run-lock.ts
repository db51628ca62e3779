import type { Sh } from '../core/sh.ts';
import { joinSh, sh } from './sh.ts';

/**
 * The lock with which runs that change a host exclude each other, per account on the host. Its file contains one line about the
 * last holder: `PID START RUN WHO`. PID and START (/proc/PID/stat) identify the holder's persistent shell; both 0 once released.
 *
 * With flock(1), the persistent shell has the file open as descriptor 9, and a program locks that: the kernel releases it when
 * the shell ends for any reason. Without it, a symbolic link `FILE.held` is the lock while the process that it names runs.
 */
export interface LockRequest {
  /** Of the account on the host. */
  readonly uid: number;
  /** Identifies the run: its own connections do not exclude each other. */
  readonly run: string;
  /** For messages: the holder of the lock, and since when. */
  readonly who: string;
  /** Seconds to wait; 0 does not wait. */
  readonly timeout: number;
  /** Content of the file at login. If another run has had the lock since, or has it now, what was read of the host may be old. */
  readonly seen: string;
}

/** Shell text that sets `_f` to the lock's file. `$_u` is the account's id. */
export const lockFile: Sh = sh`_f=/run/heal/run.lock; [ "$_u" = 0 ] || _f=$HOME/.local/state/heal/run.lock`;

/**
 * Shell text of a function: whether the process $1 that started at $2 runs. Both are missing while another run writes its line:
 * the file /proc//stat would be that of the machine, and a `shift` beyond its fields ends a POSIX shell.
 */
export const lockAlive: Sh = sh`
  started() { [ -n "$1" ] && IFS= read -r _s </proc/$1/stat && _s=\${_s##*) } && set -- $_s && [ $# -ge 20 ] && shift 19 && _s=$1; } 2>/dev/null
  alive() { started "$1" && [ "$_s" = "$2" ]; }
`;

/** Runs in the persistent shell: opens the file. After a failure the shell continues without a lock. */
export function openLock({ uid }: Pick<LockRequest, 'uid'>): Sh {
  return joinSh(
    [
      sh`_u=${uid}`,
      lockFile,
      sh`[ -d "\${_f%/*}" ] || mkdir -p "\${_f%/*}" 2>/dev/null`,
      sh`exec 9>&-; { command exec 9>>"$_f"; } 2>/dev/null`,
    ],
    '\n',
  );
}

/** Runs in the persistent shell: releases the lock. */
export function releaseLock({ uid }: Pick<LockRequest, 'uid'>): Sh {
  return joinSh(
    [
      sh`_u=${uid}`,
      lockFile,
      // The shell continues: otherwise its line would name it as the holder until the next holder writes its own line.
      sh`_l=; { IFS= read -r _l <"$_f"; } 2>/dev/null; case $_l in "$$ "*) printf '0 0 %s\n' "\${_l#* * }" >"$_f";; esac`,
      sh`exec 9>&-`,
      sh`command -v flock >/dev/null || case $(readlink "$_f.held") in "$$ "*) rm -f "$_f.held";; esac`,
    ],
    '\n',
  );
}

/**
 * Runs at the start of a program: takes the lock, waits while another run has it, and reports with frames: `waits` and `busy`
 * (the wait timed out) with the holder; `unlocked` if locking is impossible; `stale` if another run has had it, so the program
 * ends here; `locked`.
 */
export function takeLock(request: LockRequest): Sh {
  const { uid, run, who, timeout, seen } = request;
  return joinSh(
    [
      sh`_u=${uid} _run=${run} _who=${who} _seen=${seen} _max=${timeout}`,
      lockFile,
      lockAlive,
      sh`
        tell() { printf '\n%s %s - %s\n%s' "$N" "$1" "\${#2}" "$2" >&3; }
        started $$
        _me="$$ $_s"
        if command -v flock >/dev/null; then
          # flock prints nothing if another process has the lock, and an error if the file system has no locks.
          try() { _e=$(flock -n 9 2>&1) || { [ -z "$_e" ] || _never=1; return 1; }; }
          holder() { _l=; IFS= read -r _l <"$_f"; } 2>/dev/null
        else
          holder() { _l=$(readlink "$_f.held"); }
          mark() { ln -s "$_me $_run $_who" "$_f.held" 2>/dev/null; }
          try() {
            mark && return
            holder
            _dead=$_l
            alive $_l && return 1
            # One process at a time removes the link of a process that has ended.
            mkdir "$_f.steal" 2>/dev/null || {
              find "$_f.steal" -prune -mmin +1 -exec rmdir {} ';' 2>/dev/null
              return 1
            }
            holder
            [ "$_l" != "$_dead" ] || rm -f "$_f.held"
            rmdir "$_f.steal"
            mark
          }
        fi
        lock() {
          [ -e /proc/$$/fd/9 ] || { tell unlocked ''; return; }
          _i=0 _retries=0 _waited='' _l='' _never=''
          until try; do
            [ -z "$_never" ] || { tell unlocked ''; return; }
            holder
            # The line is that of an earlier run until the new holder of the lock has written its own.
            if [ "$_retries" -lt 50 ] && ! alive $_l; then
              _retries=$((_retries + 1))
              sleep 0.1
              continue
            fi
            # No link exists, and none can be created.
            [ -n "$_l" ] || command -v flock >/dev/null || { tell unlocked ''; return; }
            _p=\${_l%% *} _l=\${_l#* } _l=\${_l#* }
            # Another connection of this run has the lock.
            [ "\${_l%% *}" != "$_run" ] || { tell locked ''; return; }
            _l="\${_l#* } (process $_p on the host)"
            [ -n "$_p" ] || _l='a run that has not written its name'
            [ "$_i" -lt "$_max" ] || { tell busy "$_l"; exit 0; }
            [ -n "$_waited" ] || tell waits "$_l"
            _waited=1 _i=$((_i + 1))
            sleep 1
          done
          _l=
          IFS= read -r _l <"$_f"
          printf '%s %s %s\n' "$_me" "$_run" "$_who" >"$_f"
          # The last holder may have been this run itself, in an earlier phase.
          case $_l in *" $_run "*) _l=$_seen ;; esac
          if [ -n "$_waited" ] || [ "$_l" != "$_seen" ]; then
            tell stale ''
            exit 0
          fi
          tell locked ''
        }
        lock
      `,
    ],
    '\n',
  );
}
