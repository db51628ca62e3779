import type { Sh } from '../core/sh.ts';
import { sh } from '../shell/sh.ts';
import type { Unit } from './unit-state.ts';

/**
 * Unit files that a manager has not noticed. systemd reports NeedDaemonReload when a file that it read has changed; but it
 * misses a local file that now overrides the vendor's (all versions), and a drop-in in a directory that is
 * new (252). So the directories are searched as well.
 */
export function listFiles(directories: Sh, units: readonly string[]): Sh {
  return sh`
    for u in ${units}; do
      for d in ${directories}; do
        [ ! -f "$d/$u" ] || [ -L "$d/$u" ] || printf 'unit %s\n' "$d/$u"
        for f in "$d"/*.wants/"$u" "$d"/*.requires/"$u"; do [ ! -L "$f" ] || printf 'want %s\n' "$f"; done
        for f in "$d/$u.d"/*.conf; do
          if [ -s "$f" ]; then printf 'conf %s\n' "$f"; elif [ -e "$f" ] || [ -L "$f" ]; then printf 'none %s\n' "$f"; fi
        done
      done
    done
  `;
}

/**
 * A unit's UnitFileState after its manager has read its files again: systemd keeps the old one in memory, even
 * if the links that enable a unit were removed meanwhile.
 */
export function unitFileStateAfterReload(unit: Unit, name: string, listed: string): string {
  const remembered = unit.unitFileState === 'enabled' && unit.needDaemonReload && unit.fragmentPath.startsWith('/etc/');
  const linked = listed.split('\n').some((line) => line.startsWith('want ') && line.endsWith(`/${name}`));
  return remembered && !linked ? 'disabled' : unit.unitFileState;
}

/**
 * Whether the files listed for a unit, those of the strongest directory first, include one that its manager doesn't know.
 */
export function overlooked(unit: Unit, name: string, listed: string): boolean {
  const lines = listed.split('\n').map((line): [kind: string, path: string] => [line.slice(0, 4), line.slice(5)]);
  const own = lines.find(([kind, path]) => kind === 'unit' && path.endsWith(`/${name}`))?.[1];
  const vendor = /^(\/usr)?\/lib\//.test(unit.fragmentPath);
  if (own !== undefined && vendor && !/^(\/usr)?\/lib\//.test(own)) return true;

  const known = new Set(unit.dropInPaths.map(base));
  const decided = new Set<string>();
  for (const [kind, path] of lines) {
    if (kind === 'unit' || !path.includes(`/${name}.d/`) || decided.has(base(path))) continue;
    // Of the files with the same name the strongest counts; an empty one, or a link to /dev/null, disables the others.
    decided.add(base(path));
    if (kind === 'conf' && !known.has(base(path))) return true;
  }
  return false;
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
