import type { Sh } from '../core/sh.ts';
import { safePaths } from './safe-paths.ts';
import { sh } from './sh.ts';

/**
 * The functions that a Change's script and guards may use; the engine prepends them to every act. POSIX sh, tested
 * with dash and coreutils, and with only busybox.
 *
 * A file is placed in four steps, so that a reader sees either the old content or the new one, never a part:
 * `begin DEST` creates `$NEW`, the script fills `$NEW`, `finish DEST ...` sets owner, mode, ACL and extended
 * attributes, `commit DEST` renames it to DEST. `fill` uses an upload instead of the second step.
 *
 * From `begin` to `commit` the working directory is DEST's directory, and names are relative to it. If another account
 * can write to that directory, the working directory is a private one inside it (`stage`), and DEST is below `..`.
 * docs/decisions.md gives the reasons.
 */
export const library: Sh = sh`
${safePaths}

# begin DEST: creates an empty file $NEW that no other account can read. Its name, or that of its directory, starts
# with a dot: cron, sudo and run-parts ignore it. If the directory has a default ACL, the kernel applies that instead
# of the umask, and INHERITED is 1.
begin() {
  enter "\${1%/*}/"
  AT=./ OLD=
  NEW=./$(mktemp -u .heal-XXXXXXXX) || exit 1
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  (umask 077; set -C; : >"$NEW") || exit 1
  set -- "$1" $(stat -c '%a %u %d:%i' -- "$NEW" .)
  [ $# = 7 ] || exit 1
  _mode=$2
  sweep "$7"
  # The owner of $NEW proves nothing: another account may have replaced it.
  if ! trusted "$6" "$5"; then
    rm -f -- "$NEW"
    NEW=
    stage "$7"
    NEW=./\${1##*/}
    (umask 077; set -C; : >"$NEW") || exit 1
    _mode=$(stat -c %a -- "$NEW") || exit 1
  fi
  INHERITED= OTHERS=
  if [ "$_mode" != 600 ]; then
    { command -v getfacl || ls -ld -- "$NEW" | grep '^[^ ]*+'; } >/dev/null ||
      die "\${1%/*}/ has a default ACL, which this host has no tools for: install acl"
    INHERITED=1 OTHERS=\${_mode#"\${_mode%?}"}
    chmod o= -- "$NEW" || exit 1
  fi
}

# fill: puts the uploaded content into $NEW.
fill() {
  _from=./\${CONTENT##*/}
  if [ -z "$STAGE" ]; then _up=\${CONTENT%/*} _from=./\${_up##*/}/\${CONTENT##*/}; fi
  if [ -n "$INHERITED" ]; then cat -- "$_from" >"$NEW"; else mv -f -- "$_from" "$NEW"; fi || exit 1
  [ -n "$STAGE" ] || discard
}

# keep FROM TO ACL: gives TO the owner, mode, ACL and extended attributes of FROM. ACL is "acl" if FROM has one.
keep() {
  if cp --attributes-only --preserve=mode,ownership,xattr -- "$1" "$2" 2>/dev/null; then :
  elif [ "$3" = acl ]; then
    { command -v getfacl && command -v setfacl; } >/dev/null ||
      die "the ACL of $1 would be lost: install acl or coreutils on the host"
    chown -h "$(stat -c %u:%g -- "$1")" "$2" 2>/dev/null
    getfacl -cp -- "$1" | setfacl --set-file=- -- "$2" || exit 1
  else
    chown -h "$(stat -c %u:%g -- "$1")" "$2" 2>/dev/null
    chmod "0$(stat -c %a -- "$1")" "$2" || exit 1
  fi
  if command -v selinuxenabled >/dev/null && selinuxenabled; then chcon --reference="$1" -- "$2" 2>/dev/null; fi
  return 0
}

# secure_old NAME: sets OLD to a name of the file $AT/NAME that no other account can change. If the file has further
# names, it must belong to the only account that can write to the directory: others may have created a hard link to a file of
# root.
secure_old() {
  OLD=$AT$1
  [ -n "$STAGE" ] || return 0
  if ! ln -- "$OLD" ./.heal-old 2>/dev/null; then
    # A mount point can't get a hard link, and another account can't rename it.
    mounted "$HERE/$1" || die "$HERE/$1 was changed meanwhile, or its file system has no hard links"
    return 0
  fi
  OLD=./.heal-old
  [ ! -L "$OLD" ] || die "$HERE/$1 has become a link"
  set -- "$1" $(stat -c '%h %u %a' "$OLD" ..)
  [ "$2" -gt 2 ] || return 0
  case $7 in *[2367] | *[2367]?) set -- "$1" "$2" none ;; esac
  [ "$3" = "$6" ] || die "$HERE/$1 has further names (hard links) and may be a file of another account"
}

# assign PATH OWNER MODE: chown first, because it removes the setuid bit. No other account can replace PATH.
assign() {
  [ -z "$2" ] || chown -h "$2" "$1" || exit 1
  [ -z "$3" ] || chmod "$3" "$1" || exit 1
}

# attributes PATH OWNER MODE: sets owner and mode of an existing path.
attributes() {
  if [ -d "$1" ] && [ ! -L "$1" ] && [ -x "$1" ]; then
    enter "$1"
    assign . "$2" "$3"
    cd /
    return
  fi
  enter "\${1%/*}/"
  set -- "$1" "$2" "$3" $(stat -c '%a %u %d:%i' .)
  AT=./
  if ! trusted "$5" "$4"; then
    trap clean EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    stage "$6"
  fi
  secure_old "\${1##*/}"
  [ ! -L "$OLD" ] || die "$1 has become a link"
  assign "$OLD" "$2" "$3"
  if [ -n "$STAGE" ]; then leave; fi
  cd /
}

# finish DEST OWNER OCTAL SYMBOLIC ACL SHA256: empty OWNER and modes keep those of the old file (new file: 0644).
# SYMBOLIC does not change the group's bits, which are the mask on a path with an ACL. SHA256 is that of the old content.
finish() {
  _at=$AT\${1##*/}
  [ ! -d "$_at" ] || [ -L "$_at" ] || die "$1 is a directory"
  if [ -f "$_at" ] && [ ! -L "$_at" ]; then
    secure_old "\${1##*/}"
    [ -f "$OLD" ] || die "$1 was changed meanwhile"
    [ -z "$STAGE" ] || [ -z "\${6:-}" ] || hashed "$OLD" "$6" || moved
    keep "$OLD" "$NEW" "$5"
    if [ -z "$2" ] && [ "$(stat -c %u:%g -- "$OLD")" != "$(stat -c %u:%g -- "$NEW")" ]; then
      die "the owner of $1 can't be kept ($(stat -c %U:%G -- "$OLD")): become root or its owner"
    fi
    if [ "$5" = acl ]; then assign "$NEW" "$2" "$4"; else assign "$NEW" "$2" "$3"; fi
  elif [ -n "$INHERITED" ]; then assign "$NEW" "$2" "\${4:-o=$(bits "$OTHERS")}"
  else assign "$NEW" "$2" "\${3:-0644}"
  fi
}

# bits DIGIT: 5 as rx.
bits() {
  case $1 in [4567]) printf r ;; esac
  case $1 in [2367]) printf w ;; esac
  case $1 in [1357]) printf x ;; esac
}

# commit DEST OWNER MODE: renames $NEW to DEST. A file that is itself a mount point (in a container) is written in place.
commit() {
  _at=$AT\${1##*/}
  if mounted "$HERE/\${1##*/}"; then
    cat -- "$NEW" >"$_at" || exit 1
    assign "$_at" "$2" "$3"
    rm -f -- "$NEW"
  elif [ -n "$STAGE" ]; then
    # Into "..": mv replaces the entry that has the same name, also a link to a directory.
    mv -f -- "$NEW" .. || exit 1
  else
    # mv would move the file into the target of a link to a directory.
    [ ! -L "$_at" ] || [ ! -d "$_at" ] || rm -f -- "$_at" || exit 1
    mv -f -- "$NEW" "$_at" || exit 1
  fi
  NEW=
  if [ -n "$STAGE" ]; then leave; fi
  cd /
}

# make_directory PATH OWNER OCTAL SYMBOLIC: creates one directory; keeps the permissions that a default ACL gives to its group.
make_directory() {
  enter "\${1%/*}/"
  _name=./\${1##*/}
  if [ ! -d "$_name" ]; then (umask 077; mkdir -- "$_name") || exit 1; fi
  set -- "$1" "$2" "$3" "$4" $(stat -c '%a %u %d:%i' -- "$_name" .)
  [ $# = 10 ] || exit 1
  if ! trusted "$9" "$8"; then
    me
    _inode=\${10}
    cd -P "$_name" || exit 1
    set -- "$1" "$2" "$3" "$4" $(stat -c '%a %u %d:%i' . ..)
    [ "$6 \${10}" = "$ME $_inode" ] || die "$1 was created by another account in the meantime"
    _name=.
  fi
  case $5 in
    *700) assign "$_name" "$2" "\${3:-go+rx}" ;;
    *) assign "$_name" "$2" "$4" ;;
  esac
  cd /
}

# backup DEST ACL: copies DEST to a name with the time in the same directory, and prints its path. Use after "finish".
backup() {
  _time=$(date +%Y-%m-%dT%H:%M:%S) _count=
  while :; do
    _name=\${1##*/}.$_time$_count~
    if gone "$AT$_name"; then break; fi
    _count=.$((\${_count#.} + 1))
  done
  COPY=./$_name
  (umask 077; set -C; cat -- "$OLD" >"$COPY") || exit 1
  keep "$OLD" "$COPY" "$2"
  if [ -n "$STAGE" ]; then ln -- "$COPY" .. && rm -f -- "$COPY" || exit 1; fi
  COPY=
  printf '%s\n' "\${1%/*}/$_name"
}
`;

/** Removes the functions, so that none hides a program of the same name (`backup`). */
export const withoutLibrary: Sh = sh`
unset -f die clean gone same hashed points mounted trusted me resolve owners protected check_link owned follow enter stage inside leave discard sweep begin fill keep secure_old assign attributes finish bits commit make_directory backup moved
`;
