/** Look of a piece of text: what SGR sequences said before it. */
interface Style {
  readonly colour?: string;
  readonly bold?: boolean;
  readonly dim?: boolean;
}

interface Run {
  readonly text: string;
  readonly style: Style;
}

const background = '#1b1f27';
const foreground = '#d5dae3';
const colours: Readonly<Record<number, string>> = {
  30: '#5c6370',
  31: '#f0717b',
  32: '#93cf74',
  33: '#e8c46f',
  34: '#6cb2f5',
  35: '#cf8ae0',
  36: '#5ec4cf',
  37: '#d5dae3',
  90: '#7f8896',
};

const size = { font: 13, line: 18, char: 7.83, margin: 18, columns: 132 } as const;

/** An SVG picture of lines as a terminal printed them: colours, bold and dim are kept, other sequences must not occur. */
export function picture(text: string): string {
  const lines = text.replace(/\n+$/, '').split('\n').flatMap(wrapped(readRuns()));
  const columns = Math.max(60, ...lines.map((runs) => width(runs)));
  const { font, line, char, margin } = size;
  const box = { width: Math.ceil(columns * char + 2 * margin), height: lines.length * line + 2 * margin };
  const rows = lines.flatMap((runs, index) => {
    const y = margin + font + index * line;
    let column = 0;
    const spans = runs.map((run) => {
      const x = (margin + column * char).toFixed(1);
      column += run.text.length;
      return run.text.trim() === '' ? '' : `<tspan x="${x}"${look(run.style)}>${escaped(run.text)}</tspan>`;
    });
    return spans.join('') === '' ? [] : [`<text y="${y}">${spans.join('')}</text>`];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${box.width} ${box.height}" width="${box.width}" height="${box.height}">`,
    '<title>The output of npm run demo</title>',
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    `<g fill="${foreground}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${font}" xml:space="preserve" style="white-space:pre">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Reads lines in turn: a style holds on over line ends. */
function readRuns(): (line: string) => Run[] {
  let style: Style = {};
  return (line) => {
    const runs: Run[] = [];
    for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
      const codes = /^\x1b\[([\d;]*)m$/.exec(part)?.[1];
      if (codes !== undefined) style = codes.split(';').map(Number).reduce(styled, style);
      else if (part.includes('\x1b')) throw new Error(`a picture has no place for ${JSON.stringify(part)}`);
      else if (part !== '') runs.push({ text: part.replaceAll('\t', '    '), style });
    }
    return runs;
  };
}

function styled(style: Style, code: number): Style {
  const { colour, ...plain } = style;
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return colour === undefined ? {} : { colour };
  if (code === 39) return plain;
  const named = colours[code];
  return named === undefined ? style : { ...style, colour: named };
}

/** Lines longer than the picture go on in the next one, as in a terminal. */
/** Lines kept of what one command printed: at its beginning, and at its end with the recap. */
const kept = { first: 20, last: 12 } as const;

/** The text with the middle of each long output left out: a whole site would make the picture as long as a book. */
export function shortened(text: string): string {
  const parts = text.split(/\n(?=(?:\x1b\[[\d;]*m)*# )/);
  return parts
    .map((part) => {
      const lines = part.split('\n');
      const left = lines.length - kept.first - kept.last;
      return left < 2
        ? part
        : [...lines.slice(0, kept.first), `      ... ${left} lines`, ...lines.slice(-kept.last)].join('\n');
    })
    .join('\n');
}

function wrapped(read: (line: string) => Run[]): (line: string) => Run[][] {
  return (line) => {
    const rows: Run[][] = [[]];
    let room: number = size.columns;
    for (const run of read(line)) {
      for (let rest = run.text; rest !== ''; ) {
        if (room === 0) {
          rows.push([]);
          room = size.columns;
        }
        const piece = rest.slice(0, room);
        rows.at(-1)?.push({ text: piece, style: run.style });
        room -= piece.length;
        rest = rest.slice(piece.length);
      }
    }
    return rows;
  };
}

function width(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.text.length, 0);
}

function look({ colour, bold, dim }: Style): string {
  return [
    colour === undefined ? '' : ` fill="${colour}"`,
    bold === true ? ' font-weight="bold"' : '',
    dim === true ? ' opacity="0.6"' : '',
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
