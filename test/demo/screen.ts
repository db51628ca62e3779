/** Where the demo is shown, and what was shown. */
export interface Screen {
  /** A terminal of which lines can be drawn anew. */
  readonly live: boolean;
  readonly colour: boolean;
  /** A sentence of the demo itself; an empty one is an empty line. */
  readonly note: (text: string) => void;
  /** A command line, as it is typed. */
  readonly command: (text: string) => void;
  readonly write: (text: string) => void;
  /** All that was shown, with its colours. */
  readonly text: () => string;
}

/** The standard output. A recorded one is plain lines with colours, wherever it goes. */
export function screen(recorded: boolean): Screen {
  const { env, stdout } = process;
  const live = stdout.isTTY === true && !recorded && env['TERM'] !== 'dumb';
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const colour = recorded || ((live || forced) && (env['NO_COLOR'] ?? '') === '');
  const paint = (code: string, text: string): string => (colour && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text);
  let all = '';
  const write = (text: string): void => {
    all += text;
    stdout.write(text);
  };
  return {
    live,
    colour,
    note: (text) => write(`${paint('36', text === '' ? '' : `# ${text}`)}\n`),
    command: (text) => write(`${paint('1', `$ ${text}`)}\n`),
    write,
    text: () => all,
  };
}
