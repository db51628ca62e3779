import type { Sh } from '../../core/sh.ts';
import { sh } from '../../shell/sh.ts';

/**
 * Enters `near`, and in it a private directory (`stage` in src/shell/safe-paths.ts), where a tree is unpacked into .heal-tree
 * before its entries are moved to their places. Descriptor 5 is that directory, even if directories above it are renamed; `$S`
 * refers to it from every working directory.
 */
export function privateDirectory(near: string): Sh {
  return sh`
    enter ${near}
    trap clean EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    stage "$(stat -c %d:%i .)"
    exec 5<. || exit 1
    S=/proc/self/fd/5
    trap 'cd -P "$S" && { rm -rf ./.heal-tree; clean; }' EXIT
    # below PATH: enters a directory by its path from the parent of the private one; no component of PATH may be a link.
    at=
    below() {
      [ "$1" != "$at" ] || return 0
      at=$1
      cd -P "$S" && cd -P .. || exit 1
      _rest=$1/
      while [ -n "$_rest" ]; do
        _one=\${_rest%%/*} _rest=\${_rest#*/} _is=\${PWD%/}
        case $_one in '' | .) continue ;; esac
        cd -P "./$_one" 2>/dev/null && [ "$PWD" = "$_is/$_one" ] || die "$_is/$_one was changed meanwhile"
      done
      trusted=
      ! trusted $(stat -c '%u %a' .) || trusted=1
    }
    # adjust OWNER MODE NAME...: sets owner and mode of entries of the working directory, which must not be links.
    adjust() {
      _owner=$1 _mode=$2
      shift 2
      for _name do
        [ ! -L "$_name" ] || die "$PWD/\${_name#./} was changed meanwhile"
        [ -n "$trusted" ] || (attributes "$PWD/\${_name#./}" "$_owner" "$_mode") || exit 1
      done
      [ -n "$trusted" ] || return 0
      [ -z "$_owner" ] || chown -h "$_owner" "$@" || exit 1
      [ -z "$_mode" ] || chmod "$_mode" "$@" || exit 1
    }
  `;
}
