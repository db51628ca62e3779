import type { Sh } from '../core/sh.ts';
import { sh } from './sh.ts';

/**
 * The functions that a Change's script and guards may use; the engine puts them before every act. POSIX sh, proven
 * under dash with coreutils and under busybox alone.
 *
 * A file is placed in four steps, so that whoever reads it sees the old content or the new one and never a part:
 * `begin DEST` makes `$NEW` beside it, the script fills `$NEW`, `finish DEST ...` gives it owner, mode, ACL and extended
 * attributes, `commit DEST` renames it over DEST. `fill` takes an upload in place of the second step.
 */
export const library: Sh = sh`
# What an act makes is as a person's own shell would make it; what holds content before it is in place is private.
umask 022
NEW=

die() { printf '%s\n' "$*" >&2; exit 1; }

# What is left of an act that was broken off.
clean() {
  [ -z "$NEW" ] || rm -f -- "$NEW"
  [ -z "\${CONTENT:-}" ] || rm -f -- "$CONTENT"
}

# Guards: true as long as a path is what it was.
gone() { [ ! -e "$1" ] && [ ! -L "$1" ]; }
# same PATH FORMAT VALUE
same() { [ "$(stat -c "$2" -- "$1" 2>/dev/null)" = "$3" ]; }
# hashed PATH SHA256
hashed() { [ "$(sha256sum <"$1" 2>/dev/null)" = "$2  -" ]; }
# points LINK TARGET: the x keeps the newlines at a target's end.
points() {
  [ "$(readlink "$1" 2>/dev/null; echo x)" = "$2
x" ]
}

# mounted PATH: whether something is mounted on exactly this path. Renaming over it is refused by the kernel (EBUSY).
mounted() {
  _real=$(readlink -f "$1") || return 1
  while read -r _id _parent _device _root _at _rest; do
    case $_at in *\\*) _at=$(printf %b "$_at") ;; esac
    [ "$_at" != "$_real" ] || return 0
  done </proc/self/mountinfo
  return 1
} 2>/dev/null

# begin DEST: an empty file beside DEST, $NEW, that no other account can read. Its name starts with a dot, which cron, sudo
# and run-parts pass over. Where the folder has a default ACL the kernel sets that instead of the umask: $INHERITED.
begin() {
  _folder=\${1%/*}/
  [ -d "$_folder" ] || die "there is no folder $_folder"
  NEW=$(mktemp -u "$_folder.heal-XXXXXXXX") || exit 1
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  (umask 077; set -C; : >"$NEW") || exit 1
  INHERITED= OTHERS=
  _mode=$(stat -c %a -- "$NEW") || exit 1
  if [ "$_mode" != 600 ]; then
    { command -v getfacl || ls -ld -- "$NEW" | grep '^[^ ]*+'; } >/dev/null ||
      die "$_folder has a default ACL, which this host has no tools for: install acl"
    INHERITED=1 OTHERS=\${_mode#"\${_mode%?}"}
    chmod o= -- "$NEW" || exit 1
  fi
}

# fill: puts the uploaded content into $NEW.
fill() {
  if [ -n "$INHERITED" ]; then cat -- "$CONTENT" >"$NEW"; else mv -f -- "$CONTENT" "$NEW"; fi || exit 1
}

# keep FROM TO ACL: gives TO the owner, mode, ACL and extended attributes of FROM. ACL is "acl" where FROM has one.
keep() {
  if cp --attributes-only --preserve=mode,ownership,xattr -- "$1" "$2" 2>/dev/null; then :
  elif [ "$3" = acl ]; then
    { command -v getfacl && command -v setfacl; } >/dev/null ||
      die "the ACL of $1 would be lost: install acl or coreutils on the host"
    chown "$(stat -c %u:%g -- "$1")" "$2" 2>/dev/null
    getfacl -cp -- "$1" | setfacl --set-file=- -- "$2" || exit 1
  else
    chown "$(stat -c %u:%g -- "$1")" "$2" 2>/dev/null
    chmod "0$(stat -c %a -- "$1")" "$2" || exit 1
  fi
  if command -v selinuxenabled >/dev/null && selinuxenabled; then chcon --reference="$1" -- "$2" 2>/dev/null; fi
  return 0
}

# attributes PATH OWNER MODE: chown first, for it takes the setuid bit away.
attributes() {
  [ -z "$2" ] || chown "$2" "$1" || exit 1
  [ -z "$3" ] || chmod "$3" "$1" || exit 1
}

# finish DEST OWNER OCTAL SYMBOLIC ACL: OWNER and modes are empty where they are to stay as they are (new: 0644).
# SYMBOLIC leaves the group's bits alone, which on a path with an ACL are the mask.
finish() {
  [ ! -d "$1" ] || [ -L "$1" ] || die "$1 is a directory"
  if [ -f "$1" ] && [ ! -L "$1" ]; then
    keep "$1" "$NEW" "$5"
    if [ -z "$2" ] && [ "$(stat -c %u:%g -- "$1")" != "$(stat -c %u:%g -- "$NEW")" ]; then
      die "the owner of $1 can't be kept ($(stat -c %U:%G -- "$1")): become root or its owner"
    fi
    if [ "$5" = acl ]; then attributes "$NEW" "$2" "$4"; else attributes "$NEW" "$2" "$3"; fi
  elif [ -n "$INHERITED" ]; then attributes "$NEW" "$2" "\${4:-o=$(bits "$OTHERS")}"
  else attributes "$NEW" "$2" "\${3:-0644}"
  fi
}

# bits DIGIT: 5 as rx.
bits() {
  case $1 in [4567]) printf r ;; esac
  case $1 in [2367]) printf w ;; esac
  case $1 in [1357]) printf x ;; esac
}

# commit DEST OWNER MODE: a file that is a mount point of its own (in a container) is written in place.
commit() {
  if mounted "$1"; then
    cat -- "$NEW" >"$1" || exit 1
    attributes "$1" "$2" "$3"
  else
    # A link to a folder would have the file moved into that.
    [ ! -L "$1" ] || [ ! -d "$1" ] || rm -f -- "$1" || exit 1
    mv -f -- "$NEW" "$1" || exit 1
    NEW=
  fi
}

# folder PATH OWNER OCTAL SYMBOLIC: makes one folder; what a default ACL gives to its group stays.
folder() {
  if [ ! -d "$1" ]; then (umask 077; mkdir -- "$1") || exit 1; fi
  case $(stat -c %a -- "$1") in
    *700) attributes "$1" "$2" "\${3:-go+rx}" ;;
    *) attributes "$1" "$2" "$4" ;;
  esac
}

# backup PATH ACL: a copy beside it that bears the time; prints its name.
backup() {
  _copy=$1.$(date +%Y-%m-%dT%H:%M:%S)~
  (umask 077; cat -- "$1" >"$_copy") || exit 1
  keep "$1" "$_copy" "$2"
  printf '%s\n' "$_copy"
}
`;

/** Takes the functions away again, so that none stands in the way of a program that bears its name (`backup`). */
export const withoutLibrary: Sh = sh`
unset -f die clean gone same hashed points mounted begin fill keep attributes finish bits commit folder backup moved
`;
