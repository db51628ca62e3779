/** Location of a key and its value in the text of a JSON object; ends are exclusive. */
export interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const string = /"(?:[^"\\]|\\.)*"/y;
const scalar = /[^\s,\]}]+/y;
const blank = /\s*/y;

/** The keys of the object that begins at `start`, in a string that must be JSON. */
export function scanObject(text: string, start: number): Member[] {
  const members: Member[] = [];
  let at = skip(text, start + 1);
  while (text[at] === '"') {
    const keyStart = at;
    const keyEnd = ended(string, text, at);
    const valueStart = skip(text, skip(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    members.push({ key: JSON.parse(text.slice(keyStart, keyEnd)), keyStart, valueStart, valueEnd });
    at = skip(text, valueEnd);
    if (text[at] === ',') at = skip(text, at + 1);
  }
  return members;
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return ended(string, text, start);
  if (first !== '{' && first !== '[') return ended(scalar, text, start);
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const char = text[at];
    if (char === '"') {
      at = ended(string, text, at);
      continue;
    }
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return text.length;
}

function skip(text: string, at: number): number {
  return ended(blank, text, at);
}

function ended(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at + 1;
}
