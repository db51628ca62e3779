import type { Sh } from '../core/sh.ts';
import { sh } from '../shell/sh.ts';
import type { Unit } from './unit-state.ts';

/**
 * Unit files that a manager has not noticed. systemd reports NeedDaemonReload when a file that it read has changed; but it
 * misses a local file that now overrides the vendor's (all versions), and a drop-in in a directory that is
 * new (252). So the directories are searched as well.
 *
 * Prints what each unit's own files want to be linked in (`inst`), and the links that exist (`want`).
 */
export function listFiles(directories: Sh, units: readonly string[]): Sh {
  return sh`
    installs() {
      _in=
      while IFS= read -r _l || [ -n "$_l" ]; do
        case $_l in
          '[Install]'*) _in=1 ;;
          '['*) _in= ;;
          WantedBy*=* | RequiredBy*=*) [ -z "$_in" ] || printf 'inst %s\n' "$_l" ;;
        esac
      done
    }
    for u in ${units}; do
      for d in ${directories}; do
        [ ! -f "$d/$u" ] || [ -L "$d/$u" ] || printf 'unit %s\n' "$d/$u"
        [ ! -f "$d/$u" ] || [ -L "$d/$u" ] || installs <"$d/$u"
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
 * Directories, as `timers.target.wants`, without a link to an enabled unit although the [Install] section of its file asks for
 * one: systemd reports `enabled` if any link exists, also if the section was changed since (systemctl(1), is-enabled).
 */
export function missingLinks(unit: Unit, name: string, listed: string): readonly string[] {
  if (unit.unitFileState !== 'enabled') return [];
  const lines = listed.split('\n');
  const own = lines.findIndex((line) => line.startsWith('unit ') && line.endsWith(`/${name}`));
  if (own < 0) return [];
  let wanted: string[] = [];
  for (const line of lines.slice(own + 1)) {
    const setting = /^inst (Wanted|Required)By\s*=\s*(.*)$/.exec(line);
    if (setting === null) break;
    const directory = setting[1] === 'Wanted' ? 'wants' : 'requires';
    // Specifiers and continued lines are left to systemd.
    const targets = (setting[2] ?? '').split(/\s+/).filter((target) => /^[\w.-]+\.[a-z]+$/.test(target));
    // An empty value removes those before it.
    if ((setting[2] ?? '').trim() === '') wanted = wanted.filter((one) => !one.endsWith(`.${directory}`));
    wanted.push(...targets.map((target) => `${target}.${directory}`));
  }
  return wanted.filter((directory) => !lines.some((line) => line.endsWith(`/${directory}/${name}`)));
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
