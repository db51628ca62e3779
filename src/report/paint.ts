/** The kind of a piece of output; Ansible's colours. */
export type Tone =
  | 'ok'
  | 'changed'
  | 'failed'
  | 'unreachable'
  | 'skipped'
  | 'unknown'
  | 'warning'
  | 'added'
  | 'removed'
  | 'hunk'
  | 'dim'
  | 'bold';

/** Colours a string, or returns it unchanged. */
export type Paint = (tone: Tone, text: string) => string;

const codes: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  ok: [32, 39],
  changed: [33, 39],
  failed: [31, 39],
  unreachable: [91, 39],
  skipped: [36, 39],
  unknown: [35, 39],
  warning: [95, 39],
  added: [32, 39],
  removed: [31, 39],
  hunk: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** A Paint that uses SGR codes, or one that does nothing. Each line is coloured separately. */
export function painter(colour: boolean): Paint {
  if (!colour) return (_tone, text) => text;
  return (tone, text) => {
    const [on, off] = codes[tone];
    return text
      .split('\n')
      .map((line) => (line === '' ? line : `\x1b[${on}m${line}\x1b[${off}m`))
      .join('\n');
  };
}
