import type { Sh } from '../../core/sh.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { inArchive } from './backup-script.ts';

/** Description of a restore. */
export interface Restoring {
  /** Absolute paths, none of them below another. */
  readonly paths: readonly string[];
  /** Suffix for the names of the entries that are replaced. */
  readonly suffix: string;
}

/**
 * Restores paths of a backup, whose archive is in `$CONTENT`. Each is extracted into a private directory next to its target.
 * Then existing targets are renamed, and the new entries are renamed to them. An earlier failure changes nothing;
 * if a rename fails, the previous ones are undone.
 *
 * Only root and the account of the task may have write access to the directories above a path: another account could redirect
 * the renames.
 */
export function restoreScript({ paths, suffix }: Restoring): Sh {
  const each = (text: (index: number, path: string, member: string) => Sh): Sh =>
    joinSh(
      paths.map((path, index) => text(index, path, inArchive(path))),
      '\n',
    );
  return joinSh(
    [
      sh`
        tar --version 2>/dev/null | grep -q 'GNU tar' || die 'its tar is not GNU tar, which a restore needs: install the package tar'
        suffix=${suffix} begun= complete=
        trap 'end' EXIT
        trap 'exit 129' HUP
        trap 'exit 130' INT
        trap 'exit 143' TERM

        # end: undoes incomplete replacements and removes temporary files. An entry at a path that was free before is from this act,
        # because no other account can write to the directory.
        end() {
          trap '' HUP INT TERM
          cd /
          for _n in $begun; do
            eval "_place=\$place$_n _tree=\$tree$_n _old=\$old$_n _new=\$new$_n"
            if [ -n "$complete" ]; then :
            elif [ -n "$_old" ] && ! gone "$_old"; then
              gone "$_place" || mv -- "$_place" "$_tree/undone"
              mv -- "$_old" "$_place"
            elif [ -n "$_new" ] && ! gone "$_place"; then mv -- "$_place" "$_tree/undone"
            fi
            rm -rf -- "$_tree"
          done
          [ -z "$CONTENT" ] || discard
        }

        # guarded PATH: ends the act if another account can rename an entry of the working directory, or a directory above it.
        guarded() {
          trusted $(stat -c '%u %a' .) || die "another account can write $HERE/, so $1 is not safe to restore here: restore a directory above it"
          protected $(owners "\${HERE%/*}") || die "another account can rename a directory above $1, so it is not safe to restore here"
        }

        # extract NUMBER PATH MEMBER: extracts MEMBER into a temporary directory next to PATH.
        extract() {
          enter "\${2%/*}/"
          guarded "$2"
          ! mounted "$HERE/\${2##*/}" || die "$2 is a mount point, which can't be renamed: name what is in it in \"only\""
          gone "$HERE/\${2##*/}$suffix" || die "$2$suffix already exists"
          _tree=$(mktemp -d .heal-XXXXXXXX) || exit 1
          _tree=$HERE/$_tree
          _place=$HERE/\${2##*/}
          eval "place$1=\$_place tree$1=\$_tree old$1= new$1="
          begun="$begun $1"
          # Marks the directory, so that the sweep of a later act removes it if this act is killed.
          : >"$_tree/.heal"
          tar --extract --gzip --file "$CONTENT" --directory "$_tree" --preserve-permissions --numeric-owner --acls -- "$3" ||
            die "$2 could not be extracted, and nothing was replaced"
          ! gone "$_tree/$3" || die "the archive has no $2"
          cd /
        }

        # replace NUMBER MEMBER: records each step before it is done, so that "end" can undo it after an interruption.
        replace() {
          eval "_place=\$place$1 _tree=\$tree$1"
          if gone "$_place"; then eval "new$1=1"
          else
            eval "old$1=\$_place\$suffix"
            mv -- "$_place" "$_place$suffix" || exit 1
          fi
          mv -- "$_tree/$2" "$_place" || exit 1
        }
      `,
      each((index, path, member) => sh`extract ${index} ${path} ${member}`),
      each((index, _path, member) => sh`replace ${index} ${member}`),
      sh`complete=1`,
    ],
    '\n',
  );
}
