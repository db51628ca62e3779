import type { Sh } from '../core/sh.ts';
import { sh } from '../shell/sh.ts';

/**
 * Functions that compare the ACLs of a path, or of a directory and everything in it, with the desired ones. The
 * probe counts the differences, and a Change fixes them: both use the same functions.
 *
 * The comparison uses what an entry effectively grants: its bits under the mask. The mask is widened if a desired entry requires
 * it, never narrowed; the entries of others are trimmed to what they granted before, so that no other account gains access.
 *
 * Some accounts that write in these directories are not trusted. So no link is followed, and each directory is entered
 * and verified before anything in it is altered: a directory that was replaced with a link meanwhile is
 * skipped.
 */
export const aclLibrary: Sh = sh`
# acl_number passwd|group NAME: prints its number, or nothing if it does not exist.
acl_number() {
  case $2 in *[!0-9]*) ;; *) echo "$2"; return ;; esac
  if command -v getent >/dev/null; then getent "$1" "$2" | cut -d : -f 3
  else awk -F : -v name="$2" '$1 == name { print $3; exit }' "/etc/$1"
  fi
}

# acl_enter PATH: enters PATH, or the directory of the file PATH; $_base is that directory, $_start the path to check from it.
acl_enter() {
  if [ -d "$1" ]; then _start=. && cd -P -- "$1" 2>/dev/null
  else _start=./\${1##*/} && cd -P -- "\${1%/*}/" 2>/dev/null
  fi
  _rc=$? _base=\${PWD%/}
  return "$_rc"
}

# acl_walk RECURSIVE: prints the ACLs of all directories, then of all other entries that can have one. Each follows its escaped name.
acl_walk() {
  if [ "$1" = 1 ]; then set --; else set -- -prune; fi
  echo '= d'; find "$_start" "$@" -type d -exec getfacl -pnE -- {} +
  echo '= f'; find "$_start" "$@" ! -type d ! -type l ! -type b ! -type c -exec getfacl -pnE -- {} +
}

# acl_judge MODE SIDES REMOVE WANTED: reads the output of acl_walk. WANTED is kind:number:FILES:DIRECTORIES, separated by
# spaces; the permissions "=" leave that kind of path unchanged. MODE ask prints counts and some names, MODE fix what to set.
acl_judge() {
  awk -v mode="$1" -v sides="$2" -v remove="$3" -v wanted="$4" '
    function bits(p) { return (p ~ /r/) * 4 + (p ~ /w/) * 2 + (p ~ /x/) }
    function word(b) { return (b >= 4 ? "r" : "-") (b % 4 >= 2 ? "w" : "-") (b % 2 ? "x" : "-") }
    function both(a, b) { return (a >= 4 && b >= 4) * 4 + (a % 4 >= 2 && b % 4 >= 2) * 2 + (a % 2 && b % 2) }
    function either(a, b) { return 7 - both(7 - a, 7 - b) }
    # For printf %b: a backslash as \0134, any other escaped byte as \0ooo.
    function octal(name,  out, i) {
      while ((i = index(name, "\\")) > 0) {
        out = out substr(name, 1, i - 1)
        if (substr(name, i + 1, 1) == "\\") { out = out "\\0134"; name = substr(name, i + 2) }
        else { out = out "\\0" substr(name, i + 1, 3); name = substr(name, i + 4) }
      }
      return out name
    }
    function judge(side,  i, key, rest, rights, masked, limit, group, need, bad, mask, is, one, left, names) {
      masked = (side "mask:") in acl
      limit = masked ? acl[side "mask:"] : 7
      group = ((side "group:") in acl) ? acl[side "group:"] : acl["group:"]
      one = names = ""
      split("", ours)
      for (i = 1; i <= n; i++) {
        key = side tag[i]
        is = key in acl
        ours[key] = 1
        if (remove) {
          if (!is) continue
          bad = 1
          names = names "," key
          before = before " " key ":" word(acl[key]); after = after " " key ":none"
          continue
        }
        rights = (kind == "d") ? directories[i] : files[i]
        if (rights == "=") continue
        is = is ? word(both(acl[key], limit)) : "none"
        need = either(need, grant(rights))
        one = one "," key ":" word(grant(rights))
        if (is == word(grant(rights))) continue
        bad = 1
        before = before " " key ":" is; after = after " " key ":" word(grant(rights))
      }
      if (!bad) return 0
      mask = either(masked ? limit : group, need)
      left = 0
      for (key in acl) {
        rest = key
        if (side != "") { if (index(key, side) != 1) continue; rest = substr(key, length(side) + 1) }
        if (rest !~ /^(user:[0-9]+|group:[0-9]*)$/ || (key in ours)) continue
        if (rest != "group:") left++
        if (!remove && both(acl[key], mask) != both(acl[key], limit)) one = one "," key ":" word(both(acl[key], limit))
      }
      if (!remove) { set = set one "," side "mask::" word(mask); return 1 }
      if (left > 0) { drop = drop names; return 1 }
      if (side != "") { clear = 1; return 1 }
      # Without a mask, all bits of the group entry would take effect again.
      drop = drop names ",mask"
      if (both(group, limit) != group) set = set ",group::" word(both(group, limit))
      return 1
    }
    function grant(rights,  b) {
      b = bits(rights)
      return (rights ~ /X/ && (kind == "d" || runs)) ? either(b, 1) : b
    }
    function flush(  bad) {
      if (name == "") return
      total++
      set = drop = before = after = ""
      clear = 0
      runs = acl["user:"] % 2 || acl["other:"] % 2 || (acl["group:"] % 2 && (!("mask:" in acl) || acl["mask:"] % 2))
      bad = 0
      if (sides ~ /access/) bad += judge("")
      if (sides ~ /default/ && kind == "d") bad += judge("default:")
      if (bad) {
        wrong++
        if (mode == "fix") print kind "|" substr(set, 2) "|" substr(drop, 2) "|" (clear ? "k" : "") "|" octal(name) "/"
        else if (wrong <= 20) print "path " substr(before, 2) "|" substr(after, 2) "|" substr(name, 1, 400)
      }
      name = ""
      split("", acl)
    }
    BEGIN {
      n = split(wanted, item, " ")
      for (i = 1; i <= n; i++) {
        split(item[i], field, ":")
        tag[i] = field[1] ":" field[2]; files[i] = field[3]; directories[i] = field[4]
      }
    }
    /^= / { flush(); kind = $2; next }
    /^# file: / { flush(); name = substr($0, 9); next }
    /^#/ || /^$/ { next }
    { acl[substr($0, 1, length($0) - 4)] = bits(substr($0, length($0) - 2)) }
    END { flush(); if (mode == "ask") print "count " total + 0 " " wrong + 0 }
  '
}

# acl_set SET DROP CLEAR PATH...: changes all these paths with one call; no path may be a link.
acl_set() {
  _set=$1 _drop=$2 _clear=$3
  shift 3
  _said=$(setfacl -n \${_clear:+-k} \${_set:+-m "$_set"} \${_drop:+-x "$_drop"} "$@" 2>&1) && return
  case $_said in *': No such file or directory') ;; *) printf '%s\n' "$_said" >&2; exit 1 ;; esac
}

# acl_into DIRECTORY: enters it, if it is reached without a link.
acl_into() { cd -P -- "\${1:-/}" 2>/dev/null && [ "\${PWD%/}" = "$1" ]; }

# acl_mend: applies the output of acl_judge. One setfacl call changes all files of a directory that need the same entries.
acl_mend() {
  _same=
  set --
  while IFS='|' read -r _kind _m _x _k _name; do
    _name=\${_name%/}
    case $_name in *\\*) _name=$(printf '%b.' "$_name"); _name=\${_name%.} ;; esac
    case $_name in
      .) _directory=$_base ;;
      *) _name=\${_name#./}
        case $_kind$_name in
          f*/*) _directory=$_base/\${_name%/*} ;;
          f*) _directory=$_base ;;
          *) _directory=$_base/$_name ;;
        esac ;;
    esac
    if [ "$_same" != "$_kind|$_m|$_x|$_directory" ] || [ $# -ge 200 ]; then
      [ $# = 0 ] || acl_set "$_setting" "$_dropping" '' -R -P -- "$@"
      set --
      _same="$_kind|$_m|$_x|$_directory" _setting=$_m _dropping=$_x
      acl_into "$_directory" || { _same=; continue; }
    fi
    if [ "$_kind" = d ]; then acl_set "$_m" "$_x" "$_k" -- .; else set -- "$@" "./\${_name##*/}"; fi
  done
  [ $# = 0 ] || acl_set "$_setting" "$_dropping" '' -R -P -- "$@"
}
`;
