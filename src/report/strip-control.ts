// The output of a host may be hostile: a colour code that never ends, a title bar, a cursor that moves up and overwrites the
// recap, letters that read backwards. All of it is removed before the screen, a log or a JSON document gets it.

// Order matters: whole sequences go first, so that their letters and digits do not remain as text. None of them can start
// inside itself: otherwise each of a hundred thousand starts printed by a host would be read to the end of the text.
const sequences = [
  /(?:\x1b\]|\x9d)[^\x07\x1b\x9c\x9d\n]*(?:\x07|\x1b\\|\x9c)/g, // OSC: titles, links, the clipboard
  /(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x90\x98\x9c\x9e\x9f]*(?:\x1b\\|\x9c)/g, // DCS, SOS, PM, APC
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/g, // CSI: colours, the cursor
  /\x1b[ -/]*[0-~]/g, // the short ones: charsets, reset
];

const characters =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;

/**
 * A string without control characters: C0 (except line feed and tab), C1, escape sequences, characters that change the
 * writing direction and those without a width. A lone carriage return (a progress bar) becomes a line feed.
 */
export function stripControl(text: string): string {
  const whole = sequences.reduce((rest, sequence) => rest.replace(sequence, ''), text);
  return whole.replace(/\r\n?/g, '\n').replace(characters, '');
}

/** The same in one line: no output of a host may look like a line of heal. */
export function oneLine(text: string): string {
  return stripControl(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .replace(/\t/g, ' ');
}
