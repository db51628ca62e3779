/** The part of a directory's default ACL that determines the mode of new entries. */
export interface DefaultAcl {
  /** Maximum mode of a new entry: three octal digits; the second is the mask, or the group's if there is no mask. */
  readonly mode: string;
  /** Whether new entries have an ACL of more than owner, group and others. */
  readonly extended: boolean;
}

interface Acl {
  readonly access: boolean;
  readonly defaults?: DefaultAcl;
}

/** Reads `getfacl -psn`: one block for each path that has an extended ACL, by path. */
export function readGetfacl(text: string): ReadonlyMap<string, Acl> {
  const found = new Map<string, Acl>();
  for (const block of text.split(/^# file: /m).slice(1)) {
    const lines = block.split('\n');
    const defaults = defaultsOf(lines);
    found.set(lines[0] ?? '', {
      access: lines.some((line) => line.startsWith('mask::')),
      ...(defaults === undefined ? {} : { defaults }),
    });
  }
  return found;
}

/** Reads GNU `ls -ldi` on a host without getfacl: `INODE drwxr-xr-x+ ...NAME`. busybox prints no `+`. */
export function readLs(text: string): ReadonlyMap<string, Acl> {
  const found = new Map<string, Acl>();
  for (const line of text.split('\n')) {
    if (!/^ *\d+ [-a-z][-a-zA-Z]{9}\+/.test(line)) continue;
    // The name follows the time; every plain name begins with the first slash of the line.
    found.set(line.slice(line.indexOf('/')), { access: true });
  }
  return found;
}

function defaultsOf(lines: readonly string[]): DefaultAcl | undefined {
  const bits = (kind: string): string | undefined => {
    const line = lines.find((one) => one.startsWith(`default:${kind}::`));
    return line?.slice(`default:${kind}::`.length, `default:${kind}::`.length + 3);
  };
  const user = bits('user');
  const mask = bits('mask');
  const group = mask ?? bits('group');
  const other = bits('other');
  if (user === undefined || group === undefined || other === undefined) return undefined;
  return { mode: [user, group, other].map(digit).join(''), extended: mask !== undefined };
}

function digit(bits: string): string {
  return String((bits[0] === 'r' ? 4 : 0) + (bits[1] === 'w' ? 2 : 0) + (bits[2] === 'x' ? 1 : 0));
}
