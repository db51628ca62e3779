import { posix } from 'node:path';
import type { Sh } from '../../core/sh.ts';
import { joinSh, sh } from '../../shell/sh.ts';
import { type Attributes, chownWord, octalWord } from './attributes.ts';
import type { SyncSteps } from './sync-plan.ts';

/** Paths in one command: an argument list has a limit. */
const atOnce = 500;

/** How a folder is brought to what it is to be. */
export interface Syncing {
  readonly dest: string;
  readonly attributes: Attributes;
  readonly folderMode: string | undefined;
  readonly steps: SyncSteps;
}

/** Removes, unpacks what travelled beside its place, renames each file over the old one, then sets owners and modes. */
export function syncText({ dest, attributes, folderMode, steps }: Syncing): Sh {
  const owner = chownWord(attributes);
  const at = (path: string): string => posix.join(dest, path);
  const files = steps.remove.filter(({ folder }) => !folder).map(({ path }) => at(path));
  const folders = steps.remove.filter(({ folder }) => folder).map(({ path }) => at(path));
  return joinSh(
    [
      sh`
        if [ ! -d ${dest} ]; then
          mkdir -- ${dest} || exit 1
          chmod ${octalWord(folderMode ?? '0755')} ${dest}
          [ -z ${owner} ] || chown ${owner} ${dest} || exit 1
        fi
      `,
      ...chunks(files).map((some) => sh`rm -f -- ${some} || exit 1`),
      ...chunks(folders).map((some) => sh`rmdir -- ${some} || exit 1`),
      ...(steps.send.length === 0 ? [] : [unpack(dest, owner)]),
      ...alterations(steps, owner, at),
    ],
    '\n',
  );
}

function unpack(dest: string, owner: string): Sh {
  return sh`
    dest=$(cd -- ${dest} && pwd -P) || exit 1
    stage=$(mktemp -d "$dest/.heal-XXXXXXXX") || exit 1
    trap 'rm -rf -- "$stage"; clean' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    tar -xpomf "$CONTENT" -C "$stage" && rm -f -- "$CONTENT" || exit 1
    cd "$stage" || exit 1
    # In the order of find a folder comes before what is in it.
    find . -mindepth 1 -type d | while IFS= read -r p; do
      [ ! -d "$dest/$p" ] || [ -L "$dest/$p" ] || continue
      mkdir -- "$dest/$p" && chmod "0$(stat -c %a -- "$p")" "$dest/$p" || exit 1
      [ -z ${owner} ] || chown ${owner} "$dest/$p" || exit 1
    done || exit 1
    find . ! -type d | while IFS= read -r p; do
      t=$dest/\${p#./}
      if [ -f "$t" ] && [ ! -L "$t" ] && [ ! -L "$p" ]; then
        mode=0$(stat -c %a -- "$p")
        acl=
        if command -v getfacl >/dev/null && [ -n "$(getfacl -psc -- "$t" 2>/dev/null)" ]; then acl=acl; fi
        keep "$t" "$p" "$acl"
        [ -n "$acl" ] || chmod "$mode" "$p" || exit 1
      fi
      [ -z ${owner} ] || chown -h ${owner} "$p" || exit 1
      # A link to a folder would have it moved into that.
      [ ! -L "$t" ] || rm -f -- "$t" || exit 1
      mv -f -- "$p" "$t" || exit 1
    done || exit 1
    cd /
  `;
}

function alterations(steps: SyncSteps, owner: string, at: (path: string) => string): Sh[] {
  const owned = owner === '' ? [] : steps.alter.map(({ path }) => at(path));
  const modes = new Map<string, string[]>();
  for (const { path, mode } of steps.alter) {
    if (mode !== undefined) modes.set(mode, [...(modes.get(mode) ?? []), at(path)]);
  }
  return [
    ...chunks(owned).map((some) => sh`chown -h ${owner} ${some} || exit 1`),
    ...[...modes].flatMap(([mode, paths]) =>
      chunks(paths).map((some) => sh`chmod ${octalWord(mode)} ${some} || exit 1`),
    ),
  ];
}

function chunks(paths: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(paths.length / atOnce) }, (_, i) => paths.slice(i * atOnce, (i + 1) * atOnce));
}
