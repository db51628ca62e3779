import { posix } from 'node:path';
import type { Sh } from '../../core/sh.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { type Attributes, chownWord } from '../files/attributes.ts';
import { octalWord } from '../files/mode.ts';
import { privateDirectory } from '../files/private-directory.ts';

/** How an archive is unpacked. */
export interface Unpacking {
  /** Directory, absolute. */
  readonly dest: string;
  /** Path of the list that is written. */
  readonly list: string;
  /** Archive on the host; undefined is the uploaded one. */
  readonly source: string | undefined;
  readonly zip: boolean;
  readonly sha256: string;
  readonly how: string;
  readonly attributes: Attributes;
  readonly strip: number;
  readonly linksOut: boolean;
}

/**
 * Unpacks an archive that may be hostile. It is unpacked in a new directory inside `dest`, which contains nothing that could
 * redirect it; then the result is checked; and only then is it moved to its place. Absolute names, names with
 * `..`, names of several lines, devices, and links that point outside cause a failure before anything in `dest` is changed.
 */
export function unpackText(unpacking: Unpacking): Sh {
  const { dest, source, attributes } = unpacking;
  const owner = chownWord(attributes);
  return joinSh(
    [
      privateDirectory(dest),
      sh`
        mkdir "$S/.heal-tree" || exit 1
        stage=$S/.heal-tree dest=$HERE
        top=$(cd -P "$stage" && pwd -P) || exit 1
        archive=${source === undefined ? sh`$S/\${CONTENT##*/}` : source}
      `,
      unpacking.zip ? unzipText() : untarText(unpacking.strip),
      looks(unpacking.linksOut),
      // setuid was intended for the owner in the archive.
      sh`
        find "$stage" -type f -exec chmod u-s,g-s '{}' + || exit 1
        [ -z ${owner} ] || find "$stage" -mindepth 1 -exec chown -h ${owner} '{}' + || exit 1
      `,
      ...(attributes.mode === undefined ? [] : [modeText(attributes.mode)]),
      placeText(unpacking),
    ],
    '\n',
  );
}

function untarText(strip: number): Sh {
  return sh`
    # busybox' tar does not detect the compression.
    case $(head -c 6 "$archive" | od -An -tx1 | tr -d ' \n') in
      1f8b*) plain='gzip -dc' ;;
      425a68*) plain='bzip2 -dc' ;;
      fd377a585a00) plain='xz -dc' ;;
      28b52ffd*) plain='zstd -dc' ;;
      *) plain=cat ;;
    esac
    command -v "\${plain%% *}" >/dev/null || die "\${plain%% *} is not installed on this host"
    names=$($plain <"$archive" | tar -tf - 2>&1) || die "tar can't read it: $(printf '%s\n' "$names" | tail -n 1)"
    bad=$(printf '%s\n' "$names" | grep -E '^/|(^|/)\.\.(/|$)|^tar: [Rr]emoving leading' | head -n 1)
    [ -z "$bad" ] || die "it has names that point outside the directory, and nothing was unpacked: $bad"
    $plain <"$archive" | tar -xof - -C "$stage" ${strip === 0 ? [] : [`--strip-components=${strip}`]} || exit 1
  `;
}

function unzipText(): Sh {
  return sh`
    command -v unzip >/dev/null || die 'unzip is not installed on this host'
    bad=$(unzip -Z1 "$archive" 2>/dev/null | grep -E '^/|(^|/)\.\.(/|$)' | head -n 1)
    [ -z "$bad" ] || die "it has names that point outside the directory, and nothing was unpacked: $bad"
    unzip -q -o "$archive" -d "$stage" >&2 || exit 1
  `;
}

/** Checks the extracted entries before they are moved to their places. */
function looks(linksOut: boolean): Sh {
  return sh`
    nl='
    '
    nl=\${nl%"\${nl#?}"}
    bad=$(find "$stage" -name "*$nl*" | head -n 1)
    [ -z "$bad" ] || die 'it has a name of several lines'
    bad=$(find "$stage" ! -type f ! -type d ! -type l | head -n 1)
    [ -z "$bad" ] || die "it contains something that is not a file, directory or link: \${bad#"$stage/"}"
    # busybox' tar creates hard links to files outside of the archive. A change to such an entry would change that file.
    bad=$(find "$stage" -type f -links +1 -exec stat -c '%h %i' -- '{}' + | sort | uniq -c |
      while read -r names links inode; do if [ "$names" != "$links" ]; then printf '%s\n' "$inode"; break; fi; done)
    if [ -n "$bad" ]; then
      bad=$(find "$stage" -inum "$bad" | head -n 1)
      die "it has a hard link that points outside the directory: \${bad#"$stage/"}"
    fi
    # out LINK: whether it points outside the directory, according to its text or to its resolved target.
    out() {
      _to=$(readlink "$1")
      case $_to in /*) return 0 ;; esac
      # Not readlink -f: that of busybox gives a wrong result if the target does not exist.
      if [ -d "$1" ]; then _real=$(cd -P "$1" && pwd -P)
      else _real=$(cd -P "\${1%/*}" 2>/dev/null && case $_to in */*) cd -P "\${_to%/*}" 2>/dev/null ;; esac && pwd -P)
      fi
      case $_real in '' | "$top" | "$top"/*) ;; *) return 0 ;; esac
      _at=\${1#"$stage/"} _depth=0
      while :; do
        case $_at in */*) _depth=$((_depth + 1)) _at=\${_at#*/} ;; *) break ;; esac
      done
      _to=$_to/
      while [ -n "$_to" ]; do
        case \${_to%%/*} in
          '' | .) ;;
          ..) _depth=$((_depth - 1)) ;;
          *) _depth=$((_depth + 1)) ;;
        esac
        [ "$_depth" -ge 0 ] || return 0
        _to=\${_to#*/}
      done
      return 1
    }
    if [ ${linksOut ? 1 : 0} = 0 ]; then
      bad=$(find "$stage" -type l | while IFS= read -r l; do if out "$l"; then printf '%s\n' "$l"; break; fi; done)
      [ -z "$bad" ] || die "it has a link that points outside the directory (links_out allows it): \${bad#"$stage/"} -> $(readlink "$bad")"
    fi
  `;
}

function modeText(mode: string): Sh {
  const digits = octalWord(mode);
  // An account that may read a directory may enter it.
  const entered = [...digits].map((digit) => String(Number(digit) | (Number(digit) & 4 ? 1 : 0))).join('');
  return sh`
    find "$stage" -type f -exec chmod ${digits} '{}' + || exit 1
    find "$stage" -mindepth 1 -type d -exec chmod ${`0${entered.slice(1)}`} '{}' + || exit 1
  `;
}

/**
 * Moves the unpacked entries to their places. Another account may have write access to `dest` or a directory in it: each is
 * entered with `below`. Directories get their owners and modes last: they may forbid this account to write.
 */
function placeText({ list, sha256, how }: Unpacking): Sh {
  return sh`
    cd -P "$stage" || exit 1
    bad=$(find . -mindepth 1 -type d | while IFS= read -r d; do
      if [ -L "$S/../$d" ]; then printf '%s\n' "$d"; break; fi
    done)
    [ -z "$bad" ] || die "$dest/\${bad#./} is a link, and a directory in the archive"
    [ -n "$(find . -mindepth 1 | head -n 1)" ] || die 'there is nothing in it'
    COPY=$S/${posix.basename(list)}
    {
      printf 'heal unarchive %s %s\n' ${sha256} ${how}
      find . ! -type d -exec stat -c '%s %Y %n' -- '{}' +
    } >"$COPY" || exit 1
    chmod 0644 "$COPY" || exit 1
    # The entries of a directory precede the directory.
    modes=$(find . -mindepth 1 -type d -exec stat -c '%a %u:%g %n/' -- '{}' + | LC_ALL=C sort -r -k 3)
    find . -type d -exec chmod u+rwx '{}' + || exit 1
    find . -type d | while IFS= read -r d; do
      if [ "$d" != . ]; then
        below "\${d%/*}"
        n=\${d##*/}
        [ ! -L "./$n" ] || die "$PWD/$n is a link, and a directory in the archive"
        if [ ! -d "./$n" ]; then make_directory "$PWD/$n" '' 00700 00700; at=; fi
      fi
      below "$d"
      set --
      for one in "$stage/$d"/* "$stage/$d"/.[!.]* "$stage/$d"/..?*; do
        if [ -L "$one" ] || [ -f "$one" ]; then set -- "$@" "$one"; fi
        if [ $# -ge 200 ]; then
          # Into ".": mv replaces the entry that has the same name, also a link to a directory.
          mv -f -- "$@" . || exit 1
          set --
        fi
      done
      [ $# = 0 ] || mv -f -- "$@" . || exit 1
    done || exit 1
    [ -z "$modes" ] || printf '%s\n' "$modes" | while read -r mode owner d; do
      d=\${d%/}
      below "\${d%/*}"
      (attributes "$PWD/\${d##*/}" "$owner" "00$mode") || exit 1
    done || exit 1
    at=
    below .
    mv -f -- "$COPY" . || exit 1
    COPY=
  `;
}
