/** Capabilities of a stream: colours, redrawing, and its width. */
export interface Terminal {
  readonly colour: boolean;
  /** Lines can be redrawn. */
  readonly live: boolean;
  readonly columns: number;
}

/** From https://no-color.org, FORCE_COLOR, TERM=dumb, and whether a user is likely to read it. */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const dumb = env['TERM'] === 'dumb';
  const tty = stream.isTTY === true && !dumb;
  const forced = env['FORCE_COLOR'];
  const colour = isSet(env['NO_COLOR']) ? false : forced === undefined ? tty : forced !== '0' && forced !== 'false';
  // A terminal without a width (some CI systems give one) can't be redrawn.
  const columns = stream.columns ?? 0;
  return { colour, live: tty && columns > 0 && !isSet(env['CI']), columns: columns > 0 ? columns : 80 };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
