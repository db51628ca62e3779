import { posix } from 'node:path';
import type { Sh } from '../../core/sh.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { type Attributes, chownWord } from './attributes.ts';
import { octalWord } from './mode.ts';
import { privateDirectory } from './private-directory.ts';
import type { SyncSteps } from './sync-plan.ts';

/** Paths in one command: argument lists are limited. */
const atOnce = 500;

/** How a directory is changed to its desired state. */
export interface Syncing {
  readonly dest: string;
  /** Directory of the upload: `dest`, or the one above it if `dest` did not exist. */
  readonly near: string;
  readonly attributes: Attributes;
  readonly directoryMode: string | undefined;
  readonly steps: SyncSteps;
}

/**
 * Removes, unpacks the upload next to its target, renames each file over the old one, then sets owners and modes. Another
 * account may own a part of the tree, and replace a directory with a link meanwhile: each is entered with `below`, one name
 * after the other, and its entries are changed using their names in it.
 */
export function syncText({ dest, near, attributes, directoryMode, steps }: Syncing): Sh {
  const owner = chownWord(attributes);
  const mode = octalWord(directoryMode ?? '0755');
  const base = near === dest ? '' : posix.basename(dest);
  const files = steps.remove.filter(({ isDirectory }) => !isDirectory).map(({ path }) => posix.join(base, path));
  const directories = steps.remove.filter(({ isDirectory }) => isDirectory).map(({ path }) => posix.join(base, path));
  return joinSh(
    [
      sh`[ -d ${dest} ] || make_directory ${dest} ${owner} ${mode} ${mode}`,
      privateDirectory(near),
      ...byDirectory(files).map(([directory, names]) => sh`below ${directory}; rm -f -- ${names} || exit 1`),
      ...byDirectory(directories).map(([directory, names]) => sh`below ${directory}; rmdir -- ${names} || exit 1`),
      ...(steps.send.length === 0 ? [] : [unpack(base, owner)]),
      ...alterations(steps, owner, base),
    ],
    '\n',
  );
}

function unpack(base: string, owner: string): Sh {
  return sh`
    cd -P "$S" && mkdir ./.heal-tree || exit 1
    tar -xpomf "./\${CONTENT##*/}" -C ./.heal-tree && rm -f -- "./\${CONTENT##*/}" || exit 1
    CONTENT= at=
    cd ./.heal-tree || exit 1
    # find prints a directory before its entries.
    find . -mindepth 1 -type d | while IFS= read -r p; do
      below ${base}"/\${p%/*}"
      n=\${p##*/}
      [ ! -d "./$n" ] || [ -L "./$n" ] || continue
      m=0$(stat -c %a -- "$S/.heal-tree/$p")
      make_directory "$PWD/$n" ${owner} "$m" "$m"
      at=
    done || exit 1
    find . ! -type d | while IFS= read -r p; do
      below ${base}"/\${p%/*}"
      t=./\${p##*/} p=$S/.heal-tree/$p
      if [ -f "$t" ] && [ ! -L "$t" ] && [ ! -L "$p" ]; then
        if [ -z "$trusted" ]; then
          # A hard link to the old file that no other account can replace.
          rm -f -- "$S/.heal-old"
          ln -- "$t" "$S/.heal-old" && t=$S/.heal-old || exit 1
          [ -f "$t" ] && [ ! -L "$t" ] || die "$PWD/\${p##*/} was changed meanwhile"
        fi
        mode=0$(stat -c %a -- "$p")
        acl=
        if command -v getfacl >/dev/null && [ -n "$(getfacl -psc -- "$t" 2>/dev/null)" ]; then acl=acl; fi
        keep "$t" "$p" "$acl"
        [ -n "$acl" ] || chmod "$mode" "$p" || exit 1
      fi
      [ -z ${owner} ] || chown -h ${owner} "$p" || exit 1
      # Into ".": mv replaces the entry that has the same name, also a link to a directory.
      mv -f -- "$p" . || exit 1
    done || exit 1
  `;
}

function alterations({ alter }: SyncSteps, owner: string, base: string): Sh[] {
  const groups = new Map<string, string[]>();
  for (const { path, mode, type } of alter) {
    const how = type === 'link' ? 'link' : (mode ?? '');
    groups.set(how, [...(groups.get(how) ?? []), posix.join(base, path)]);
  }
  return [...groups].flatMap(([how, paths]) =>
    byDirectory(paths).map(([directory, names]) =>
      how === 'link'
        ? sh`below ${directory}; ${owner === '' ? sh`:` : sh`chown -h ${owner} ${names} || exit 1`}`
        : sh`below ${directory}; adjust ${owner} ${how === '' ? '' : octalWord(how)} ${names}`,
    ),
  );
}

/** Names in their directories, in the order of the paths while neighbours share a directory; at most `atOnce` of them. */
function byDirectory(paths: readonly string[]): [directory: string, names: string[]][] {
  const groups: [string, string[]][] = [];
  for (const path of paths) {
    const directory = posix.dirname(path);
    const last = groups.at(-1);
    if (last?.[0] === directory && last[1].length < atOnce) last[1].push(`./${posix.basename(path)}`);
    else groups.push([directory, [`./${posix.basename(path)}`]]);
  }
  return groups;
}
