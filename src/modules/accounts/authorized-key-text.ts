/** A line of authorized_keys (sshd(8)): options, type, key, comment. */
export interface KeyLine {
  readonly options: string;
  readonly type: string;
  readonly blob: string;
  readonly comment: string;
}

const types =
  /^(ssh-(rsa|dss|ed25519|ed448)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(-cert-v01@openssh\.com)?$/;

/** Reads a line; undefined if it contains no key: a comment, an empty line, or one that sshd would not understand. */
export function readKey(line: string): KeyLine | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const first = wordEnd(text);
  const options = types.test(text.slice(0, first)) ? '' : text.slice(0, first);
  const rest = text.slice(options.length).trim();
  const match = /^(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/.exec(rest);
  if (match?.[1] === undefined || match[2] === undefined || !types.test(match[1])) return undefined;
  return { options, type: match[1], blob: match[2], comment: match[3]?.trim() ?? '' };
}

/** The desired content of the file: with or without these keys; with `exclusive`, no others. */
export interface KeysWanted {
  readonly keys: readonly KeyLine[];
  readonly present: boolean;
  readonly exclusive: boolean;
  /** Desired options of the keys; undefined keeps the existing ones. */
  readonly options: string | undefined;
}

/** The change of a key, for a title: `+`, `-` or `~` and the key's comment or type. */
export interface KeyChange {
  readonly sign: '+' | '-' | '~';
  readonly key: KeyLine;
}

/** The desired text of the file. Lines without a key are kept, and so is a key's comment. */
export function withKeys(
  text: string,
  wanted: KeysWanted,
): { readonly text: string; readonly changes: readonly KeyChange[] } {
  const changes: KeyChange[] = [];
  const seen = new Set<string>();
  const lines: string[] = [];
  const byBlob = new Map(wanted.keys.map((key) => [key.blob, key]));
  for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
    const key = readKey(line);
    const asked = key === undefined ? undefined : byBlob.get(key.blob);
    if (key === undefined || (asked === undefined && !wanted.exclusive)) lines.push(line);
    else if (asked === undefined || !wanted.present) changes.push({ sign: '-', key });
    else if (seen.has(key.blob)) changes.push({ sign: '-', key });
    else {
      seen.add(key.blob);
      const options = wanted.options ?? (asked.options === '' ? key.options : asked.options);
      const next = { ...key, options };
      if (options === key.options) lines.push(line);
      else {
        lines.push(keyLine(next));
        changes.push({ sign: '~', key: next });
      }
    }
  }
  for (const key of wanted.present ? byBlob.values() : []) {
    if (seen.has(key.blob)) continue;
    const next = { ...key, options: wanted.options ?? key.options };
    lines.push(keyLine(next));
    changes.push({ sign: '+', key: next });
  }
  if (changes.length === 0) return { text, changes };
  return { text: lines.length === 0 ? '' : `${lines.join('\n')}\n`, changes };
}

function keyLine({ options, type, blob, comment }: KeyLine): string {
  return [options, type, blob, comment].filter((word) => word !== '').join(' ');
}

/** Where the first word ends: spaces inside double quotes are part of it, and \" does not end them. */
function wordEnd(text: string): number {
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '\\' && text[i + 1] === '"') i += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && /\s/.test(char)) return i;
  }
  return text.length;
}
