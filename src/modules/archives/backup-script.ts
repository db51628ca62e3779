import type { Sh } from '../../core/sh.ts';
import { sh } from '../../shell/sh.ts';

/** The content of a backup. */
export interface Packed {
  /** Absolute paths that exist. */
  readonly paths: readonly string[];
  /** A name at any depth (`cache`, `*.log`), or an absolute path. */
  readonly exclude: readonly string[];
  /** Names of files that may be SQLite databases (`*.sqlite`). */
  readonly databases: readonly string[];
}

/**
 * The script that prints a backup as a tar compressed by gzip, and a report as the last lines of stderr:
 *
 * ```text
 * heal-backup 1
 * tar CODE
 * sha256 HEX
 * database HOW PATH      HOW: sqlite3, python3, node, or plain if none of them could copy it
 * warning TEXT
 * end
 * ```
 *
 * Paths have no leading slash; a line break in one is printed as \001.
 *
 * A plain copy of a SQLite database loses the rows in its write-ahead log, although it passes an integrity check. So each
 * database is copied with SQLite's online backup (https://www.sqlite.org/backup.html), opened read-only, which does not
 * disturb the process that writes to it; the copy is packed under the database's name. The copies are in a directory that
 * only the account of the run can read; the script removes it at its end; after a loss of power, a later backup does.
 */
export function backupScript({ paths, exclude, databases }: Packed): Sh {
  const roots = paths.map(inArchive);
  const left = either(
    exclude.map((pattern) => (pattern.startsWith('/') ? sh`-path ${inArchive(pattern)}` : sh`-name ${bare(pattern)}`)),
  );
  const skip = left === undefined ? sh`` : sh`${left} -prune -o`;
  const named = either(databases.map((pattern) => sh`-name ${pattern}`));
  const findDatabases =
    named === undefined ? sh`:` : sh`find ${roots} ${skip} -type f ${named} -print0 2>/dev/null | lines`;
  return sh`
    export LC_ALL=C
    umask 077
    cd / || exit 1
    tar --version 2>/dev/null | grep -q 'GNU tar' || { echo 'its tar is not GNU tar, which a backup needs: install the package tar' >&2; exit 1; }
    find /var/tmp -maxdepth 1 -name 'heal-backup.*' -user "$(id -u)" -mmin +1440 -exec rm -rf {} + 2>/dev/null
    D=$(mktemp -d /var/tmp/heal-backup.XXXXXXXX) || exit 1
    trap 'rm -rf "$D"' EXIT
    trap 'exit 1' HUP INT TERM PIPE
    mkdir "$D/copies" && mkfifo "$D/pipe" || exit 1
    : >"$D/copied"; : >"$D/instead"; : >"$D/said"
    # Lists have one name a line; a line break in a name is \001.
    lines() { tr '\n\000' '\001\n'; }
    names() { tr '\n\001' '\000\n'; }
    copy() {
      rm -f "$D/db"
      case $1 in
        sqlite3) timeout 600 sqlite3 -readonly -cmd '.timeout 20000' "./$2" ".backup '$D/db'" ;;
        python3) timeout 600 python3 -c ${byPython} "./$2" "$D/db" ;;
        node) timeout 600 node -e ${byNode} "./$2" "$D/db" ;;
      esac </dev/null >"$D/why" 2>&1 && [ -s "$D/db" ]
    }
    find ${roots} ${skip} \( -type s -o -type p -o -type b -o -type c \) -prune -o -print0 2>"$D/errors" | lines >"$D/all"
    ${findDatabases} >"$D/databases"
    while IFS= read -r shown; do
      file=$(printf '%s.' "$shown" | tr '\001' '\n'); file=\${file%.}
      [ "$(head -c 15 "./$file" 2>/dev/null)" = 'SQLite format 3' ] || continue
      how=plain
      for tool in sqlite3 python3 node; do
        command -v "$tool" >/dev/null || continue
        if copy "$tool" "$file"; then how=$tool; break; fi
      done
      if [ "$how" != plain ] && mkdir -p "$D/copies/\${file%/*}" && cp -p "./$file" "$D/copies/$file" && cat "$D/db" >"$D/copies/$file"; then
        printf '%s\n' "$shown" >>"$D/instead"
        printf '%s\n' "$shown" "$shown-wal" "$shown-shm" "$shown-journal" >>"$D/copied"
      else
        how=plain
      fi
      printf 'database %s %s\n' "$how" "$shown" >>"$D/said"
    done <"$D/databases"
    if [ -s "$D/copied" ]; then grep -vxF -f "$D/copied" "$D/all"; else cat "$D/all"; fi | names >"$D/files"
    names <"$D/instead" >"$D/replaced"
    sha256sum <"$D/pipe" >"$D/sum" &
    {
      tar --create --no-recursion --numeric-owner --acls --ignore-failed-read --null \
        -C / -T "$D/files" -C "$D/copies" -T "$D/replaced" 2>>"$D/errors"
      echo "$?" >"$D/code"
    } | gzip -c | tee "$D/pipe"
    wait
    read -r sum _ <"$D/sum"
    {
      printf 'heal-backup 1\ntar %s\nsha256 %s\n' "$(cat "$D/code")" "$sum"
      head -n 300 "$D/said"
      head -n 100 "$D/errors" | cut -c 1-300 | sed 's/^/warning /'
      echo end
    } >&2
  `;
}

/** The name of a path in the archive. */
export function inArchive(path: string): string {
  const name = path.replace(/^\/+/, '').replace(/\/+$/, '');
  return name.startsWith('-') ? `./${name}` : name;
}

function bare(pattern: string): string {
  return pattern.replace(/\/+$/, '');
}

/** A test of `find` that is true if one of several tests is true. */
function either(tests: readonly Sh[]): Sh | undefined {
  if (tests.length === 0) return undefined;
  return sh`\( ${tests.flatMap((test, index) => (index === 0 ? [test] : [sh`-o`, test]))} \)`;
}

const byPython = `import sqlite3, sys, urllib.parse
source = sqlite3.connect("file:" + urllib.parse.quote(sys.argv[1]) + "?mode=ro", uri=True, timeout=20)
copy = sqlite3.connect(sys.argv[2])
source.backup(copy)
copy.close()`;

const byNode = `const { DatabaseSync, backup } = require("node:sqlite");
const [from, to] = process.argv.slice(1);
backup(new DatabaseSync(from, { readOnly: true }), to).then(() => process.exit(0), (error) => {
  console.error(String(error));
  process.exit(1);
});`;
