import type { Sh } from '../core/sh.ts';
import { sh } from './sh.ts';

/**
 * The part of the library that looks at paths and enters directories: guards, links that may be followed, private directories in those
 * that other accounts can write. See library.ts.
 */
export const safePaths: Sh = sh`
# Entries that an act creates have the modes that a shell would give them. Temporary files with content are private.
umask 022
NEW= OLD= COPY= STAGE= AT= ME=

die() { printf '%s\n' "$*" >&2; exit 1; }

# Removes the temporary files of an interrupted act.
clean() {
  [ -z "$NEW$COPY" ] || rm -f -- "$NEW" "$COPY"
  if [ -n "$STAGE" ]; then leave; elif [ -n "\${CONTENT:-}" ]; then discard; fi
}

# Guards: true while a path is unchanged.
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

# mounted PATH: whether something is mounted on exactly this path, which has no links. The kernel refuses to rename over it
# (EBUSY).
mounted() {
  while read -r _id _parent _device _root _where _rest; do
    case $_where in *\\*) _where=$(printf %b "$_where") ;; esac
    [ "$_where" != "$1" ] || return 0
  done </proc/self/mountinfo
  return 1
} 2>/dev/null

# trusted UID MODE: whether only root and this account can change a path with this owner and mode. With an ACL the
# group's bits of a mode are the mask, so they include the write permission of any entry.
trusted() {
  case $2 in *[2367] | *[2367]?) return 1 ;; esac
  [ "$1" = 0 ] || { me; [ "$1" = "$ME" ]; }
}
me() { [ -n "$ME" ] || ME=$(id -u) || exit 1; }

# resolve PATH: sets REAL to PATH without links. A link is followed if only root or this account can have created it,
# or if an account created it in its own directory: then BY is that account, and the target must belong to it, too.
resolve() {
  REAL= BY= _path=$1 _todo=$1/ _links=0
  while [ -n "$_todo" ]; do
    _one=\${_todo%%/*} _todo=\${_todo#*/}
    case $_one in
      '' | .) continue ;;
      ..) REAL=\${REAL%/*}; continue ;;
    esac
    if [ ! -L "$REAL/$_one" ]; then REAL=$REAL/$_one; continue; fi
    _links=$((_links + 1))
    [ "$_links" -le 40 ] || die "$_path has too many links"
    check_link "$REAL" "$_one"
    _to=$(readlink "$REAL/$_one"; echo x)
    _to=\${_to%?x}
    case $_to in /*) REAL= ;; esac
    _todo=$_to/$_todo
  done
}

# owners DIR [PATH]: prints owner and mode of PATH, if it is given, of DIR and of each directory above it.
owners() {
  _up=$1
  shift
  while :; do
    set -- "$@" "$_up/"
    [ -n "$_up" ] || break
    _up=\${_up%/*}
  done
  stat -c '%u %a' -- "$@"
}

# protected UID MODE...: whether, in directories with these owners and modes, no other account can rename entries of root or of
# this account. A sticky directory is sufficient.
protected() {
  while [ $# -gt 0 ]; do
    case $2 in [1357]???) trusted "$1" 0 ;; *) trusted "$1" "$2" ;; esac || return 1
    shift 2
  done
}

# check_link DIR NAME: ends the act if an account whose links must not be followed may have created the link DIR/NAME.
check_link() {
  _link=$1/$2
  set -- $(owners "$1" "$_link")
  _of=$1 _in=$3 _in_mode=$4
  if trusted "$1" 0; then
    shift 2
    ! protected "$@" || return 0
  fi
  case $_in_mode in *[2367] | *[2367]?) _of= ;; esac
  [ "$_of" = "$_in" ] && [ "\${BY:-$_of}" = "$_of" ] ||
    die "$_path leads through the link $_link, which another account can change: name the real path"
  BY=$_of
}

# owned PATH: ends the act if "resolve" followed a link of an account to a path that does not belong to that account.
owned() {
  [ -z "$BY" ] || same "$1" %u "$BY" ||
    die "$_path leads through the link $_link to what belongs to another account: name the real path"
}

# follow LINK REAL [NAME]: for a task that names LINK, a link, and changes its target, REAL or REAL/NAME. If LINK now has another
# target, or is now a file, the task is decided again: its change was allowed only for the old link. See "resolve".
follow() {
  resolve "$1"
  _end=$REAL _by=$BY
  resolve "$2"
  case $_end in
    "$REAL" | "$REAL/\${3:-}") BY=$_by ;;
    *) moved ;;
  esac
  if [ -z "$BY" ]; then return 0; fi
  if gone "$2"; then owned "\${2%/*}/"; else owned "$2"; fi
}

# enter DIR: changes the working directory to DIR, and sets HERE to its path. A later rename of a directory above has no effect.
enter() {
  cd -P "$1" 2>/dev/null || die "there is no directory $1"
  HERE=\${PWD%/}
  [ "$HERE" != "\${1%/}" ] || return 0
  resolve "$1"
  [ "$HERE" = "$REAL" ] || die "$1 was moved meanwhile"
  owned .
}

# stage INODE: creates a directory in the working directory, which has this inode, and enters it. No other account can enter the
# new directory or move it to another parent. An upload already has such a directory.
stage() {
  _stage=
  if [ -n "\${CONTENT:-}" ]; then _stage=\${CONTENT%/*} _stage=\${_stage##*/}
  else _stage=$(mktemp -d .heal-XXXXXXXX) || exit 1
  fi
  inside "$_stage" "$1" || die "$HERE/$_stage is not what heal has made there"
  for _one in * .[!.]* ..?*; do
    gone "$_one" || [ "$_one" = "\${CONTENT##*/}" ] || [ "$_one" = .heal ] || die "$HERE/$_stage is not empty"
  done
  STAGE=$_stage AT=../
  : >./.heal
}

# inside NAME INODE: enters the private directory NAME of the working directory, which has this inode.
inside() {
  cd -P "./$1" 2>/dev/null || return 1
  me
  set -- "$2" $(stat -c '%a %u %d:%i' . ..)
  case $2 in 700 | 2700) [ "$3 $7" = "$ME $1" ] && return 0 ;; esac
  cd /
  return 1
}

# leave: removes the private directory.
leave() {
  rm -f -- ./.heal ./.heal-old \${CONTENT:+"./\${CONTENT##*/}"}
  cd -P .. && rmdir -- "./$STAGE" 2>/dev/null
  STAGE= CONTENT=
  cd /
}

# discard: removes an unused upload. Its name can't be guessed.
discard() {
  rm -f -- "$CONTENT" "\${CONTENT%/*}/.heal"
  rmdir -- "\${CONTENT%/*}" 2>/dev/null
  CONTENT=
}

# sweep INODE: removes from the working directory the temporary files of acts of this account that were interrupted a day ago or
# earlier. It removes only directories that contain the mark (.heal).
sweep() {
  for _one in ./.heal[-.]????????; do
    [ -e "$_one" ] && [ "$_one" != "$NEW" ] && me && [ -n "$(find "$_one" -prune -user "$ME" -mtime +0 2>/dev/null)" ] || continue
    if [ ! -d "$_one" ]; then rm -f -- "$_one"; continue; fi
    (inside "$_one" "$1" && [ -f ./.heal ] && [ ! -L ./.heal ] && find . ! -name . -prune -exec rm -rf '{}' +) &&
      rmdir -- "$_one"
  done 2>/dev/null
}
`;
